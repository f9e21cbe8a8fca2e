import assert from "node:assert/strict";
import { until } from "../harness/until.mjs";
import { stored } from "./stored.mjs";

/** @typedef {import("./world.mjs").World} World */

/** A person's visit to the plain example, in a tab of its own. */
export class Visit {
  /**
   * @param {World} world
   * @param {import("./world.mjs").Page} page
   * @param {string} origin
   */
  constructor(world, page, origin) {
    this.world = world;
    this.page = page;
    this.origin = origin;
    /** The server's address, as the page knows it. */
    this.server = world.server.url;
  }

  /**
   * Opens the page and awaits that it shows how things stand.
   *
   * @param {World} world
   * @param {string} origin
   * @param {string} [path]
   */
  static async start(world, origin, path = "/") {
    const page = await world.browser.newPage();
    const visit = new Visit(world, page, origin);
    // Not puppeteer's pageerror, which tells of what the browser itself logs, too.
    await page.evaluateOnNewDocument(() => {
      /** @type {string[]} */
      const unhandled = [];
      Object.assign(window, { unhandled });
      addEventListener("error", ({ message }) => unhandled.push(message));
      addEventListener("unhandledrejection", ({ reason }) => unhandled.push(String(reason)));
    });
    await page.goto(origin + path);
    await until(async () => !(await visit.text("#status")).startsWith("Asking"), "status on the page");
    await visit.looked();
    return visit;
  }

  /**
   * Opens a page that has nothing but what init() does there, of a person who allows notifications.
   *
   * @param {World} world
   * @param {string} origin
   * @param {{server?: string, serviceWorker?: string, scope?: string}} [options] of init()
   */
  static async blank(world, origin, options = {}) {
    world.site.files.set("/blank.html", { body: `<!doctype html><title>blank</title><p id="status">Blank.</p>` });
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin, "/blank.html");
    visit.server = options.server ?? visit.server;
    await visit.page.evaluate(async (server, options) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      pushkit.init({ server, ...options });
    }, visit.server, options);
    await visit.looked();
    // What init() sees, this sees after it.
    await visit.status();
    return visit;
  }

  /**
   * Opens the page of a person who allows notifications, and subscribes.
   *
   * @param {World} world
   */
  static async subscribed(world) {
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin);
    await visit.press("#subscribe");
    await visit.says("This browser is subscribed.");
    return visit;
  }

  /**
   * Clicks a button as a person does, who waits until it is enabled and stands still; Playwright's click does so by itself.
   *
   * @param {string} selector
   */
  async press(selector) {
    const page = /** @type {import("puppeteer-core").Page} */ (/** @type {unknown} */ (this.page));
    await (this.world.name === "firefox" ? page.locator(selector).click() : this.page.click(selector));
  }

  /** @param {string} selector */
  text(selector) {
    return this.page.$eval(selector, (element) => element.textContent ?? "");
  }

  /**
   * Awaits what the page says of the subscription.
   *
   * @param {string} sentence
   */
  async says(sentence) {
    try {
      await until(async () => (await this.text("#status")) === sentence, `"${sentence}" on the page`);
    } catch (error) {
      throw new Error(`${/** @type {Error} */ (error).message}; it says ${await this.text("main")}`);
    }
  }

  /** Awaits that init() has begun to look how things stand, which it does in the first idle moment: what it does then goes on. */
  async looked() {
    await this.page.evaluate(() => new Promise((resolve) => requestIdleCallback(() => requestIdleCallback(() => resolve(undefined)))));
  }

  /** What pushkit.status() says. */
  status() {
    return this.page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      return pushkit.status();
    }, this.server);
  }

  /**
   * Calls a method of pushkit and tells how it ends.
   *
   * @param {"subscribe" | "unsubscribe" | "sync" | "forget" | "identify"} method
   * @param {unknown[]} args
   * @returns {Promise<{status?: any, code?: string, message?: string}>}
   */
  call(method, ...args) {
    return this.page.evaluate(
      async (server, method, args) => {
        const { pushkit } = await import(`${server}/pushkit.js`);
        try {
          return { status: await pushkit[method](...args) };
        } catch (error) {
          const { code, message } = /** @type {{code: string, message: string}} */ (error);
          return { code, message };
        }
      },
      this.server,
      method,
      args,
    );
  }

  /** The notifications that the browser lists for the site. */
  notifications() {
    return this.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      const shown = (await registration?.getNotifications()) ?? [];
      return shown.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
    });
  }

  /** The browser's subscription, for whoever sends by another way than our server. */
  subscription() {
    return this.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      const subscription = await registration.pushManager.getSubscription();
      if (!subscription) throw new Error("there is no subscription");
      return subscription.toJSON();
    });
  }

  /** Whether this page has downloaded WebAssembly. */
  loadedWebAssembly() {
    return this.page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith(".wasm")));
  }

  /**
   * Sends this browser a message and awaits that it is shown on the desktop, and listed by the browser.
   *
   * @param {object} [notification]
   * @param {object} [message]
   */
  async notify(notification = {}, message = {}) {
    const { id } = await this.status();
    const title = `Message ${crypto.randomUUID()}`;
    const sent = await this.world.server.send({
      notification: { title, navigate: `${this.origin}/?from=notification`, ...notification },
      audience: { subscriptions: [id] },
      ...message,
    });
    const shown = await this.world.desktop.notification(({ summary }) => summary === title);
    // Firefox writes down what it shows after the desktop has it.
    await until(async () => (await this.notifications()).some((listed) => listed.title === title), "notification in the browser's list");
    return { sent, title, shown };
  }

  /**
   * Awaits that the server has counted a message as shown, and that the worker has nothing left to tell: what it has told
   * it forgets a moment after the server knows.
   *
   * @param {string} message its id
   */
  async told(message) {
    await this.world.counted(message, { displayed: 1 });
    await until(async () => (await stored(this.page, "events")).length === 0, "end of what waits for the server");
  }

  /** Ends the visit; nothing may have been thrown into the page and handled by nobody. */
  async end() {
    const unhandled = await this.page.evaluate(() => /** @type {any} */ (window).unhandled);
    await this.page.close();
    assert.deepEqual(unhandled, []);
  }
}
