// What package webpush encrypts, read by a decoder that is not ours: npm http_ece.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { createECDH, randomBytes } from "node:crypto";
import { createRequire } from "node:module";
import { test } from "node:test";
import { root } from "../harness/repository.mjs";

/** @type {{decrypt(body: Buffer, params: object): Buffer}} */
const ece = createRequire(import.meta.url)("http_ece");

test("http_ece reads texts of every length that fits", () => {
  const privateKey = createECDH("prime256v1");
  const keys = { p256dh: privateKey.generateKeys("base64url"), auth: randomBytes(16).toString("base64url") };
  const subscription = { endpoint: "https://fcm.googleapis.com/fcm/send/x", keys };
  const texts = ["", "Hello, Wörld 👋", ...[1, 127, 128, 129, 2743, 2744, 2745, 3992, 3993].map((n) => "x".repeat(n))];
  const input = JSON.stringify({ subscription, texts });
  const output = execFileSync("go", ["run", "./js/test/senders/encrypt"], { cwd: root, input, encoding: "utf8" });
  const bodies = output.trim().split("\n").map((line) => Buffer.from(line, "base64"));
  const read = bodies.map((body) => ece.decrypt(body, { version: "aes128gcm", privateKey, authSecret: keys.auth }).toString());
  assert.deepEqual(read, texts);
  assert.ok(bodies.every(({ length }) => length <= 4096));
});
