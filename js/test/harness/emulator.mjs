import { Program, freePort } from "./program.mjs";
import { call, pushkit } from "./server.mjs";
import { until } from "./until.mjs";

/**
 * A push as the emulator tells it, changed while it goes on: see Push in server/emulator.
 *
 * @typedef {object} Push
 * @property {number} id
 * @property {number} seq of its last change
 * @property {string} time
 * @property {string} [subscription] the emulator's id
 * @property {number} ttl in seconds
 * @property {string} urgency
 * @property {string} [topic]
 * @property {number} size of the body, in bytes
 * @property {number} status of the answer; 0 where the sender got none
 * @property {boolean} [own] made by the emulator itself
 * @property {string} [rule] why it was refused
 * @property {string} [detail]
 * @property {string} state
 * @property {number} [code] of the browser's acknowledgement
 * @property {string} [answer] the same in words
 * @property {number} [ms] from the POST to the acknowledgement
 */

/**
 * See Subscription in server/emulator.
 *
 * @typedef {object} EmulatorSubscription
 * @property {string} id
 * @property {string} endpoint
 * @property {boolean} connected
 * @property {number} waiting
 * @property {"active" | "ended"} state
 * @property {string} [endReason]
 * @property {number} [endCode]
 */

/**
 * See Fault in server/emulator.
 *
 * @typedef {object} Fault
 * @property {"status" | "delay" | "lost-answer" | "clock"} [kind] status without it
 * @property {string} [subscription] the emulator's id of the one that it meets; any without it
 * @property {number} [status]
 * @property {number} [retryAfter] in seconds
 * @property {number} [delay] in ms
 * @property {number} [ahead] in seconds
 * @property {number} [count] 1 without it; 0 ends it
 */

/** pushkit emulator: the push service, to which Firefox connects and the server sends. */
export class Emulator {
  /** @type {Program | undefined} */
  #program;
  /** How long a browser may take to connect again, in ms. */
  connectLimit = 45_000;

  /** @param {string} url its HTTP address, for --push-services */
  constructor(url) {
    this.url = url;
    /** Its websocket's address, for Firefox. */
    this.pushService = url.replace(/^http/, "ws") + "/";
  }

  /** @param {number} [port] a free one without it */
  static async start(port) {
    port ??= await freePort();
    const emulator = new Emulator(`http://127.0.0.1:${port}`);
    emulator.#program = new Program("pushkit emulator", pushkit, ["emulator", "--addr", `127.0.0.1:${port}`]);
    await emulator.#program.ready(async () => (await fetch(`${emulator.url}/api/browser`)).ok, "answer");
    return emulator;
  }

  /**
   * The pushes that are new or changed.
   *
   * @param {number} [after] the seq up to which they are known
   * @returns {Promise<{data: Push[], next: number}>} next is the seq for the next call
   */
  async pushes(after = 0) {
    return (await this.#call("GET", `/api/pushes?after=${after}`)).body;
  }

  /**
   * Awaits a push.
   *
   * @param {(push: Push) => boolean} match
   * @param {number} [after] a seq: only pushes that are new or changed since
   */
  push(match, after = 0) {
    return until(async () => (await this.pushes(after)).data.find(match), "matching push");
  }

  /** @returns {Promise<EmulatorSubscription[]>} oldest first */
  async subscriptions() {
    return (await this.#call("GET", "/api/subscriptions")).body.data;
  }

  /**
   * The subscription of an endpoint.
   *
   * @param {string} endpoint
   */
  async subscription(endpoint) {
    const found = (await this.subscriptions()).find((s) => s.endpoint === endpoint);
    if (!found) throw new Error(`the emulator has no subscription ${endpoint}`);
    return found;
  }

  /**
   * Awaits that a subscription has ended. Chromium's unsubscribe() settles before it tells the push service.
   *
   * @param {string} endpoint
   */
  async ended(endpoint) {
    await until(async () => (await this.subscription(endpoint)).state === "ended", `end of the subscription ${endpoint}`);
  }

  /**
   * Ends a subscription: senders get 410, its browser hears nothing.
   *
   * @param {string} endpoint
   */
  async endSubscription(endpoint) {
    const { id } = await this.subscription(endpoint);
    await this.#call("DELETE", `/api/subscriptions/${id}`);
  }

  /** Cuts the browsers off: what is sent waits. */
  async goOffline() {
    await this.#call("POST", "/api/browser", { online: false });
  }

  /** Lets the browsers in again, and awaits that one has come. */
  async goOnline() {
    await this.#call("POST", "/api/browser", { online: true });
    await this.connected();
  }

  /** Awaits that a browser is connected. */
  async connected() {
    await until(async () => (await this.#call("GET", "/api/browser")).body.connected > 0, "browser at the emulator", this.connectLimit);
  }

  /** Ends all subscriptions; each browser gets another uaid when it comes back, and fires pushsubscriptionchange. */
  async forgetBrowsers() {
    await this.#call("POST", "/api/browser", { forget: true });
  }

  /**
   * Makes the next pushes fail.
   *
   * @param {Fault} fault
   */
  async fail(fault) {
    await this.#call("POST", "/api/faults", fault);
  }

  /**
   * Pushes something of its own, without an application server.
   *
   * @param {PushSubscriptionJSON} subscription
   * @param {string} payload
   * @returns {Promise<Push>}
   */
  async deliver(subscription, payload) {
    return (await this.#call("POST", "/api/deliver", { subscription, payload })).body;
  }

  async stop() {
    await this.#program?.end();
  }

  /**
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  async #call(method, path, body) {
    const answer = await call(method, this.url + path, body);
    if (answer.status >= 400) throw new Error(`emulator: ${method} ${path}: ${JSON.stringify(answer.body)}`);
    return answer;
  }
}
