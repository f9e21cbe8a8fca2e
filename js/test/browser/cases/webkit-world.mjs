import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Desktop } from "../../harness/desktop.mjs";
import { root } from "../../harness/repository.mjs";
import { Server } from "../../harness/server.mjs";
import { Site } from "../../harness/site.mjs";
import { until } from "../../harness/until.mjs";
import { MadePushService } from "../../harness/webkit-push.mjs";
import { WebKit } from "../../harness/webkit.mjs";
import { stored } from "../stored.mjs";

/** How many origins a world has for its cases. */
const origins = 96;

/** Notes what a page throws and nobody handles. */
const watch = `<script>
  const unhandled = [];
  addEventListener("error", ({ message }) => unhandled.push(message));
  addEventListener("unhandledrejection", ({ reason }) => unhandled.push(String(reason)));
</script>`;

/** For a worker: makes a push event of what a page posts to it. */
const makePush = `
addEventListener("message", ({ data, ports: [port] }) => {
  if (!("push" in data)) return;
  const event = new PushEvent("push", { data: data.push });
  const waits = [];
  // WebKit's own throws for an event that a script made.
  event.waitUntil = (promise) => waits.push(promise);
  dispatchEvent(event);
  Promise.all(waits).then(() => port.postMessage("ended"), (error) => port.postMessage(String(error)));
});`;

/** For a page: subscribe() gives this, where WebKitGTK refuses. @param {object} subscription */
const makeSubscription = (subscription) => `<script>
  const json = ${JSON.stringify(subscription)};
  const bytes = (text) => Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));
  const made = (key) => ({
    endpoint: json.endpoint,
    options: { userVisibleOnly: true, applicationServerKey: bytes(key).buffer },
    toJSON: () => json,
    async unsubscribe() {
      localStorage.removeItem("made");
      return true;
    },
  });
  PushManager.prototype.getSubscription = async () => {
    const key = localStorage.getItem("made");
    return key && made(key);
  };
  PushManager.prototype.subscribe = async ({ applicationServerKey }) => {
    localStorage.setItem("made", applicationServerKey);
    return made(applicationServerKey);
  };
</script>`;

/** Sites, the server, and Safari's engine on a desktop; for each case an origin where nothing has happened yet. */
export class WebKitWorld {
  #next = 1;

  /** @param {{desktop: Desktop, site: Site, pushService: MadePushService, server: Server, webkit: WebKit}} parts */
  constructor(parts) {
    this.desktop = parts.desktop;
    this.site = parts.site;
    this.pushService = parts.pushService;
    this.server = parts.server;
    this.webkit = parts.webkit;
  }

  /** @param {string[]} features of WebKit to turn on */
  static async start(features) {
    const [index, worker] = await Promise.all(
      ["index.html", "pushkit-sw.js"].map((file) => readFile(join(root, "examples/plain", file), "utf8")),
    );
    /** @type {Server} */
    let server;
    const [desktop, pushService, site] = await Promise.all([
      Desktop.start(),
      MadePushService.start(),
      Site.start({
        folder: join(root, "examples/plain"),
        files: {
          "/index.html": /** @type {string} */ (index).replace("<head>", `<head>${watch}`),
          "/bare.html": `<!doctype html><title>bare</title>${watch}`,
          "/classic.html": `<!doctype html><title>classic</title>${watch}<script src="https://push.example.com/pushkit.classic.js"></script>`,
          "/pushkit-sw.js": worker + makePush,
          "/module-sw.js": `import "https://push.example.com/pushkit-sw.js";`,
        },
        server: () => server.url,
      }),
    ]);
    const flags = Array.from({ length: origins }, (_, i) => `--allowed-origins=${originOf(site, i + 1)}`);
    const [started, webkit] = await Promise.all([
      Server.start([`--push-services=${pushService.url}`, "--vapid-subject=https://example.com", ...flags]),
      WebKit.start({ environment: desktop.environment, features }),
    ]);
    server = started;
    return new WebKitWorld({ desktop, site, pushService, server, webkit });
  }

  /** An origin of the site that the server allows and that the browser has not seen. */
  newOrigin() {
    if (this.#next > origins) throw new Error("more cases than origins");
    return originOf(this.site, this.#next++);
  }

  /**
   * Opens a page of a new origin, in a window of its own.
   *
   * @param {string} path
   * @param {"granted" | "denied"} [answer] what the person answers when asked; without it, no
   */
  async visit(path, answer) {
    const origin = this.newOrigin();
    if (answer) this.webkit.setPermission(origin, answer);
    return new WebKitVisit(this, await this.webkit.newPage(origin + path), origin + path);
  }

  /** Opens the example as a person who allows notifications, and subscribes. */
  async subscribed() {
    const subscription = this.pushService.subscription();
    const index = /** @type {string} */ (this.site.files.get("/index.html")?.body);
    const path = `/${new URL(subscription.endpoint).pathname.slice(1)}.html`;
    this.site.files.set(path, { body: index.replace("<head>", `<head>${makeSubscription(subscription)}`) });
    const visit = await this.visit(path, "granted");
    await visit.says("This browser is not subscribed.");
    await visit.page.click("#subscribe");
    await visit.says("This browser is subscribed.");
    return visit;
  }

  /**
   * Awaits a message's counts.
   *
   * @param {string} id
   * @param {Record<string, number>} counts
   */
  async counted(id, counts) {
    /** @type {any} */
    let message;
    try {
      await until(async () => {
        message = (await this.server.api("GET", `/v1/messages/${id}`)).body;
        return Object.entries(counts).every(([name, count]) => message.counts[name] === count);
      }, `counts ${JSON.stringify(counts)}`);
    } catch (error) {
      throw new Error(`${/** @type {Error} */ (error).message}; they are ${JSON.stringify(message.counts)}`);
    }
  }

  async stop() {
    await this.webkit.close();
    await Promise.all([this.server.stop(), this.pushService.stop(), this.site.stop(), this.desktop.stop()]);
  }
}

/** A person's visit to a page. */
export class WebKitVisit {
  /**
   * @param {WebKitWorld} world
   * @param {import("../../harness/webkit-page.mjs").WebKitPage} page
   * @param {string} address of the page
   */
  constructor(world, page, address) {
    this.world = world;
    this.page = page;
    this.address = address;
    this.origin = new URL(address).origin;
  }

  /**
   * Awaits what the plain example says of the subscription.
   *
   * @param {string} sentence
   */
  async says(sentence) {
    let text;
    try {
      await until(async () => (text = await this.page.text("#status")) === sentence, `"${sentence}" on the page`);
    } catch (error) {
      throw new Error(`${/** @type {Error} */ (error).message}; it says ${text}, ${await this.page.text("#advice")}`);
    }
  }

  /** What pushkit.status() says. */
  status() {
    return this.page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      return pushkit.status();
    }, this.world.server.url);
  }

  /**
   * Calls a method of pushkit and gives the code with which it rejects.
   *
   * @param {"subscribe" | "unsubscribe" | "sync"} method
   * @returns {Promise<string | undefined>}
   */
  call(method) {
    return this.page.evaluate(
      async (server, method) => {
        const { pushkit } = await import(`${server}/pushkit.js`);
        return pushkit[method]().then(
          () => undefined,
          (/** @type {{code: string}} */ { code }) => code,
        );
      },
      this.world.server.url,
      method,
    );
  }

  /** Whether this page has downloaded WebAssembly. */
  loadedWebAssembly() {
    return this.page.evaluate(() => performance.getEntriesByType("resource").some(({ name }) => name.endsWith(".wasm")));
  }

  /**
   * Makes a push event in the worker, and awaits the end of what it made the browser wait for.
   *
   * @param {string} payload
   */
  async push(payload) {
    const ended = await this.page.evaluate(async (push) => {
      const { active } = await navigator.serviceWorker.ready;
      return new Promise((resolve) => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = ({ data }) => resolve(data);
        active?.postMessage({ push }, [port2]);
      });
    }, payload);
    assert.equal(ended, "ended");
  }

  /**
   * Sends this browser a message, makes the push event of what arrives, and awaits the notification on the desktop.
   *
   * @param {object} [notification]
   * @param {object} [message]
   */
  async notify(notification = {}, message = {}) {
    const { id, endpoint } = await this.status();
    const title = `Message ${crypto.randomUUID()}`;
    const sent = await this.world.server.send({
      notification: { title, navigate: `${this.address}?from=notification`, ...notification },
      audience: { subscriptions: [id] },
      ...message,
    });
    const payload = await this.world.pushService.payload(endpoint);
    await this.push(payload);
    const shown = await this.world.desktop.notification(({ summary }) => summary === title);
    return { sent, title, payload, shown };
  }

  /** The notifications that the browser lists for the site. */
  notifications() {
    return this.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.getRegistration();
      const shown = (await registration?.getNotifications()) ?? [];
      return shown.map(({ title, body, tag, data }) => ({ title, body, tag, data }));
    });
  }

  /** How many events wait for the server. */
  async keptEvents() {
    return (await stored(this.page, "events")).length;
  }

  /** Ends the visit; nothing may have been thrown into the page and handled by nobody. */
  async end() {
    const left = await this.page.evaluate(() => {
      // @ts-expect-error: the page's own
      return unhandled;
    });
    await this.page.close();
    assert.deepEqual(left, []);
  }
}

/**
 * @param {Site} site
 * @param {number} number
 */
function originOf(site, number) {
  return site.origin.replace("localhost", `case${number}.localhost`);
}
