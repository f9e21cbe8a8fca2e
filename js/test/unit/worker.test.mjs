import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { load } from "./bundle.mjs";

/** @typedef {{title: string, options: any, close: () => void}} Shown */

/** @type {any} */
const globals = globalThis;

/** The worker's listeners, by type. @type {Record<string, (event: any) => void>} */
const listeners = {};
/** What is on the screen. @type {Shown[]} */
let screen = [];
/** What happened, in order. @type {string[]} */
let happened = [];
/** The open windows. @type {any[]} */
let pages = [];
/** What keeps Node alive until it is closed. @type {MessagePort[]} */
let ports = [];
/** Whether the browser takes a notification. @type {(options: any) => boolean} */
let takes;

globals.self = {
  navigator: {},
  addEventListener: (/** @type {string} */ type, /** @type {any} */ listener) => (listeners[type] = listener),
  clients: {
    matchAll: async () => pages,
    openWindow: async (/** @type {string} */ url) => void happened.push(`open ${url}`),
  },
  registration: {
    scope: "https://site.example/",
    async showNotification(/** @type {string} */ title, /** @type {any} */ options) {
      if (!takes(options)) throw new TypeError("refused");
      happened.push(`show ${title}`);
      const shown = { title, options, close: () => void (screen = screen.filter((other) => other !== shown)) };
      screen.push(shown);
    },
    getNotifications: async (/** @type {{tag: string}} */ { tag }) =>
      screen.filter(({ options }) => options.tag === tag).map((shown) => ({ ...shown.options, title: shown.title, close: shown.close })),
  },
};

await load("sw/index.ts");

beforeEach(() => {
  screen = [];
  happened = [];
  pages = [];
  takes = () => true;
});

afterEach(() => {
  for (const port of ports) port.close();
  ports = [];
});

/**
 * Gives the worker an event and awaits what it makes the browser wait for.
 * @param {string} type
 * @param {object} event
 */
async function dispatch(type, event) {
  /** @type {Promise<unknown>[]} */
  const waits = [];
  listeners[type]?.({ ...event, waitUntil: (/** @type {Promise<unknown>} */ wait) => waits.push(wait) });
  await Promise.all(waits);
}

/** @param {string | undefined} text */
const push = (text) => dispatch("push", { data: text === undefined ? null : { text: () => text } });

/** @param {object} members @param {string} [token] */
const declaration = (members, token = "T") =>
  JSON.stringify({ web_push: 8030, notification: { title: "t", ...members, data: { pushkit: { token }, data: { own: 1 } } } });

/** A window of the site. @param {string} url @param {{takes?: boolean, focuses?: boolean}} [how] */
function page(url, { takes = false, focuses = true } = {}) {
  /** @type {any[]} */
  const messages = [];
  const client = {
    id: url,
    url,
    messages,
    async focus() {
      if (!focuses) throw new DOMException("", "InvalidAccessError");
      happened.push(`focus ${url}`);
    },
    postMessage(/** @type {any} */ message, /** @type {MessagePort[]} */ [port] = []) {
      messages.push(message.pushkit);
      if (port) ports.push(port);
      if (!port || !takes) return;
      port.onmessage = () => happened.push(`click ${url}`);
      port.postMessage(true);
    },
  };
  pages.push(client);
  return client;
}

describe("a push", () => {
  test("always shows something", async () => {
    for (const text of [undefined, "", "text", "null", "[]", '{"notification":{"title":[],"actions":5,"dir":{},"icon":"http://["}}']) {
      screen = [];
      await push(text);
      assert.equal(screen[0]?.title, "site.example", text);
    }
  });

  test("whose member the browser refuses is shown without it", async () => {
    takes = ({ icon }) => !icon;
    await push(declaration({ icon: "https://site.example/i.svg", body: "b" }));
    assert.equal(screen.length, 1);
    assert.equal(screen[0]?.options.body, "b");
    assert.equal(screen[0]?.options.data.pushkit.token, "T");
  });

  test("is shown before any page hears of it, and the page gets the site's data unwrapped", async () => {
    const open = page("https://site.example/");
    const { postMessage } = open;
    open.postMessage = (/** @type {any} */ message) => {
      happened.push("told");
      postMessage(message);
    };
    await push(declaration({ body: "b", tag: "g", navigate: "/n" }));
    assert.deepEqual(happened, ["show t", "told"]);
    assert.deepEqual(open.messages, [
      { type: "message", title: "t", body: "b", tag: "g", navigate: "https://site.example/n", data: { own: 1 } },
    ]);
  });

  test("that the browser hands over as a notification is shown the same", async () => {
    const notification = { title: "declared", tag: "", navigate: "https://site.example/n", data: { pushkit: { token: "T" } } };
    await dispatch("push", { notification, data: null });
    assert.equal(screen[0]?.title, "declared");
    assert.equal(screen[0]?.options.data.pushkit.navigate, "https://site.example/n");
  });

  test("that arrives twice is one notification, and sounds once, also where tag has no effect", async () => {
    await push(declaration({ tag: "g", renotify: true }));
    assert.equal(screen[0]?.options.renotify, true);
    await push(declaration({ tag: "g", renotify: true }));
    assert.equal(screen.length, 1);
    assert.equal(screen[0]?.options.renotify, false);
    await push(declaration({ tag: "g", renotify: true }, "another"));
    assert.equal(screen.length, 1);
    assert.equal(screen[0]?.options.renotify, true);
  });
});

describe("a click", () => {
  /** @param {string} [action] */
  async function click(action = "") {
    const { title, options, close } = /** @type {Shown} */ (screen[0]);
    happened = [];
    for (const { messages } of pages) messages.length = 0;
    await dispatch("notificationclick", { action, notification: { ...options, title, close } });
  }
  const watch = { action: "watch", title: "Watch", navigate: "https://site.example/watch" };
  const shown = () => push(declaration({ navigate: "https://site.example/live", actions: [watch] }));

  test("closes the notification and opens where it leads", async () => {
    await shown();
    await click();
    assert.deepEqual([screen, happened], [[], ["open https://site.example/live"]]);
  });

  test("on a button opens where the button leads", async () => {
    await shown();
    await click("watch");
    assert.deepEqual(happened, ["open https://site.example/watch"]);
  });

  test("focuses a window that is there already, before it asks another", async () => {
    page("https://site.example/", { takes: true });
    page("https://site.example/live");
    await shown();
    await click();
    assert.deepEqual(happened, ["focus https://site.example/live"]);
  });

  test("goes to the first page that takes clicks, and to that one alone", async () => {
    page("https://site.example/deaf");
    const one = page("https://site.example/one", { takes: true });
    page("https://site.example/two", { takes: true });
    await shown();
    await click();
    // The page hears on its port, after the worker is done.
    for (let i = 0; i < 1000 && happened.length < 2; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(happened, ["focus https://site.example/one", "click https://site.example/one"]);
    assert.deepEqual(one.messages.at(-1), {
      type: "click", navigate: "https://site.example/live", action: "", title: "t", body: undefined, tag: "T", data: { own: 1 },
    });
  });

  test("opens a window where none can be focused", async () => {
    page("https://site.example/live", { focuses: false, takes: true });
    await shown();
    await click();
    assert.deepEqual(happened, ["open https://site.example/live"]);
  });

  test("on a notification of the site's own is left to the site", async () => {
    let closed = false;
    await dispatch("notificationclick", { action: "", notification: { data: { mine: 1 }, close: () => (closed = true) } });
    await dispatch("notificationclick", { action: "", notification: { data: null, close: () => (closed = true) } });
    assert.deepEqual([closed, happened], [false, []]);
  });
});
