import { createDecipheriv, createECDH, hkdfSync, randomBytes, randomUUID } from "node:crypto";
import { createServer } from "node:http";
import { buffer } from "node:stream/consumers";
import { until } from "./until.mjs";

/**
 * What stands in for Apple's push service: it takes what a server sends to it and decrypts it, as the browser would, for a
 * test to make a push event of.
 */
export class MadePushService {
  #http;
  /** @type {Map<string, {ecdh: import("node:crypto").ECDH, auth: Buffer, payloads: string[]}>} */
  #subscriptions = new Map();

  /** @param {import("node:http").Server} http */
  constructor(http) {
    this.#http = http;
    this.url = `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (http.address()).port}`;
    http.on("request", async (request, response) => {
      const to = this.#subscriptions.get(request.url ?? "");
      const body = await buffer(request);
      to?.payloads.push(decrypt(body, to));
      response.writeHead(to ? 201 : 404, { Location: `/receipt/${randomUUID()}` }).end();
    });
  }

  static async start() {
    const http = createServer();
    await new Promise((resolve) => http.listen(0, "127.0.0.1", () => resolve(undefined)));
    return new MadePushService(http);
  }

  /** Makes a subscription, as PushSubscription.toJSON() gives it. */
  subscription() {
    const ecdh = createECDH("prime256v1");
    const p256dh = ecdh.generateKeys("base64url");
    const auth = randomBytes(16);
    const path = `/${randomUUID()}`;
    this.#subscriptions.set(path, { ecdh, auth, payloads: [] });
    return { endpoint: this.url + path, expirationTime: null, keys: { p256dh, auth: auth.toString("base64url") } };
  }

  /**
   * Awaits the next payload that is sent to a subscription.
   *
   * @param {string} endpoint
   */
  payload(endpoint) {
    return until(() => this.#subscriptions.get(new URL(endpoint).pathname)?.payloads.shift(), "push");
  }

  async stop() {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}

/**
 * Decrypts a push's body (RFC 8188, section 2, of one record, with the keys of RFC 8291, section 3.4).
 *
 * @param {Buffer} body
 * @param {{ecdh: import("node:crypto").ECDH, auth: Buffer}} keys
 */
function decrypt(body, { ecdh, auth }) {
  const salt = body.subarray(0, 16);
  const start = 21 + body.readUInt8(20);
  const sender = body.subarray(21, start);
  const info = Buffer.concat([Buffer.from("WebPush: info\0"), ecdh.getPublicKey(), sender]);
  const key = new Uint8Array(hkdfSync("sha256", ecdh.computeSecret(sender), auth, info, 32));
  const derive = (/** @type {string} */ label, /** @type {number} */ length) =>
    new Uint8Array(hkdfSync("sha256", key, salt, `Content-Encoding: ${label}\0`, length));
  const decipher = createDecipheriv("aes-128-gcm", derive("aes128gcm", 16), derive("nonce", 12));
  decipher.setAuthTag(body.subarray(-16));
  const padded = Buffer.concat([decipher.update(body.subarray(start, -16)), decipher.final()]);
  return padded.subarray(0, padded.lastIndexOf(2)).toString();
}
