import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, mock, test } from "node:test";
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

/** What page and worker share, by store: as much of IndexedDB as ours needs. @type {Record<string, Map<any, any>>} */
let stores;
let nextKey = 1;

/** An IDBRequest. @param {() => any} result */
function request(result) {
  /** @type {any} */
  const made = { onsuccess() {} };
  queueMicrotask(() => {
    made.result = result();
    made.onsuccess();
  });
  return made;
}

/** An IDBObjectStore. @param {Map<any, any>} map */
const objectStore = (map) => ({
  get: (/** @type {any} */ key) => request(() => map.get(key)),
  getAll: () => request(() => [...map.values()]),
  getAllKeys: () => request(() => [...map.keys()]),
  add: (/** @type {any} */ value) => request(() => map.set(nextKey++, value)),
  put: (/** @type {any} */ value, /** @type {any} */ key) => request(() => map.set(key, value)),
  delete: (/** @type {any} */ key) => request(() => map.delete(key)),
});

globals.indexedDB = {
  open: () => request(() => ({
    transaction: (/** @type {string} */ name) => ({ objectStore: () => objectStore(/** @type {any} */ (stores[name])) }),
    close() {},
  })),
};

/** What the server is asked, and its answer. @type {{path: string, body: any}[]} */
let calls = [];
/** @type {(path: string) => Response} */
let server;
globals.fetch = async (/** @type {string} */ url, /** @type {any} */ { body }) => {
  const path = new URL(url).pathname;
  calls.push({ path, body: JSON.parse(body) });
  return server(path);
};

/** The site's handlers, which each test sets; a worker's own stay for its life. @type {Record<string, any>} */
let hooks = {};
/** What the console is told. @type {any[][]} */
let complaints = [];
const { error } = console;
// Node itself warns there, of its mock timers.
console.error = (/** @type {any[]} */ ...args) => (String(args[0]).startsWith("pushkit") ? complaints.push(args) : error(...args));

await load("sw/index.ts");
for (const type of ["push", "click", "close"]) globals.self.pushkit.on(type, (/** @type {any} */ event) => hooks[type]?.(event));

beforeEach(() => {
  hooks = {};
  complaints = [];
  screen = [];
  happened = [];
  pages = [];
  takes = () => true;
  stores = { registrations: new Map(), events: new Map() };
  calls = [];
  server = () => new Response(null, { status: 202 });
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
  // What is waited for may wait for more.
  for (let i = 0; i < waits.length; i++) await waits[i];
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
    // Without an address the browser refuses to show another in its place.
    takes = ({ navigate }) => Boolean(navigate);
    await dispatch("push", { notification, data: null });
    assert.equal(screen[0]?.title, "declared");
    assert.equal(screen[0]?.options.navigate, "https://site.example/n");
    assert.equal(screen[0]?.options.data.pushkit.navigate, "https://site.example/n");
  });

  test("of which the browser knows nothing leaves the click to us", async () => {
    await push(declaration({ navigate: "/n" }));
    assert.equal(screen[0]?.options.navigate, undefined);
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

describe("a push with an app badge", () => {
  /** @type {number[]} */
  let set = [];
  const { navigator } = globals.self;
  beforeEach(() => {
    set = [];
    navigator.setAppBadge = async (/** @type {number} */ count) => void set.push(count);
  });
  afterEach(() => delete navigator.setAppBadge);
  const badge = (/** @type {number} */ count) => push(JSON.stringify({ app_badge: count, notification: { title: "t" } }));

  test("sets the number, 0 too, which clears it, and one without leaves it", async () => {
    await badge(3);
    await badge(0);
    await push(declaration({}));
    assert.deepEqual(set, [3, 0]);
  });

  test("is shown and told whatever the browser makes of the number", async () => {
    const { messages } = page("https://site.example/");
    const ways = [() => { throw new TypeError("no"); }, async () => { throw new DOMException("", "NotAllowedError"); }, () => new Promise(() => {}), () => undefined];
    for (const [i, way] of ways.entries()) {
      navigator.setAppBadge = way;
      await badge(i);
      assert.deepEqual([screen.length, messages.length], [i + 1, i + 1]);
    }
  });
});

describe("a site's handler of pushes", () => {
  const sent = () => push(declaration({ body: "b", navigate: "/n", actions: [{ action: "a", title: "A", navigate: "/a" }] }));

  test("gets what would be shown, with the site's data unwrapped and nothing of ours", async () => {
    /** @type {any} */
    let given;
    hooks.push = (/** @type {any} */ event) => void (given = event);
    await sent();
    const { waitUntil, ...rest } = given;
    assert.equal(typeof waitUntil, "function");
    assert.deepEqual(rest, { notification: {
      title: "t", body: "b", tag: "T", navigate: "https://site.example/n", data: { own: 1 },
      actions: [{ action: "a", title: "A", navigate: "https://site.example/a" }],
    } });
  });

  test("changes what it returns, for browser, badge, page and click, and leaves the rest", async () => {
    const { messages } = page("https://site.example/");
    /** @type {number[]} */
    const set = [];
    globals.self.navigator.setAppBadge = async (/** @type {number} */ count) => void set.push(count);
    hooks.push = async () => ({ notification: { title: "changed", navigate: "/other", icon: "i.png", data: 2 }, appBadge: 5 });
    await sent();
    delete globals.self.navigator.setAppBadge;
    const { title, options } = /** @type {Shown} */ (screen[0]);
    assert.deepEqual([title, options.body, options.icon, set], ["changed", "b", "https://site.example/i.png", [5]]);
    const { token, navigate, actions } = options.data.pushkit;
    assert.deepEqual([token, navigate, actions], ["T", "https://site.example/other", [{ action: "a", navigate: "https://site.example/a" }]]);
    assert.deepEqual(messages, [{ type: "message", title: "changed", body: "b", tag: "T", navigate: "https://site.example/other", data: 2 }]);
  });

  test("takes away what it returns as undefined, but neither title nor address", async () => {
    hooks.push = () => ({ notification: { title: undefined, body: undefined, navigate: "javascript:alert(1)", actions: undefined } });
    await sent();
    const { title, options } = /** @type {Shown} */ (screen[0]);
    assert.deepEqual([title, "body" in options, "actions" in options], ["t", false, false]);
    assert.equal(options.data.pushkit.navigate, "https://site.example/n");
  });

  test("that throws, rejects or returns nonsense leaves the notification as it came", async () => {
    const broken = { get notification() { throw new Error("getter"); } };
    const ways = [
      () => { throw new Error("thrown"); }, async () => { throw new Error("rejected"); }, () => broken, () => 7, () => "text", () => null,
      () => ({ notification: 5, appBadge: "x" }), (/** @type {any} */ { notification }) => { notification.data.own = notification.title = "mine"; },
    ];
    for (const way of ways) {
      screen = [];
      hooks.push = way;
      await sent();
      const { title, options } = /** @type {Shown} */ (screen[0]);
      assert.deepEqual([title, options.body, options.data.data], ["t", "b", { own: 1 }], String(way));
    }
    assert.deepEqual(complaints.map(([, { message }]) => message), ["thrown", "rejected", "getter"]);
  });

  test("whose change the browser refuses altogether leaves the notification as it came", async () => {
    takes = ({ data }) => typeof data.data !== "function";
    hooks.push = () => ({ notification: { body: "changed", data: () => {} } });
    await sent();
    assert.deepEqual(screen.map(({ options }) => options.body), ["b"]);
  });

  test("that takes more than 3 seconds is not waited for", async () => {
    mock.timers.enable({ apis: ["setTimeout"] });
    /** @type {(thrown: Error) => void} */
    let fail = () => {};
    hooks.push = () => new Promise((_, reject) => (fail = reject));
    const pushed = sent();
    mock.timers.tick(2_999);
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(screen, []);
    mock.timers.tick(1);
    await pushed;
    mock.timers.reset();
    assert.deepEqual(screen.map(({ title }) => title), ["t"]);
    fail(new Error("late"));
    await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual(complaints.map(([, { message }]) => message), ["late"]);
  });

  test("keeps the worker for what it waits for, which does not hold the notification up", async () => {
    /** @type {(value?: unknown) => void} */
    let finish = () => {};
    hooks.push = (/** @type {any} */ { waitUntil }) => {
      waitUntil(new Promise((resolve) => (finish = resolve)).then(() => happened.push("done")));
      waitUntil(Promise.reject(new Error("its own")));
    };
    let ended = false;
    const pushed = sent().then(() => (ended = true));
    for (let i = 0; i < 50; i++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([screen.length, ended], [1, false]);
    finish();
    await pushed;
    assert.equal(happened.at(-1), "done");
    assert.deepEqual(complaints.map(([, { message }]) => message), ["its own"]);
  });

  test("of a type that there is not is refused with the types that there are", () => {
    for (const [type, handler] of [["pushed", () => {}], ["toString", () => {}], ["push", undefined]]) {
      assert.throws(() => globals.self.pushkit.on(type, handler), { name: "TypeError", message: /push, click or close/ });
    }
  });
});

test("a second import shows nothing twice and keeps the site's handlers", async () => {
  const { push: first } = listeners;
  const { pushkit } = globals.self;
  await load("sw/index.ts");
  assert.equal(listeners.push, first);
  assert.equal(globals.self.pushkit, pushkit);
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

  test("asks the site's handler where it leads", async () => {
    /** @type {any} */
    let given;
    hooks.click = (/** @type {any} */ { waitUntil, ...event }) => {
      given = event;
      return "/elsewhere";
    };
    await shown();
    await click("watch");
    assert.deepEqual(given, {
      notification: { title: "t", body: undefined, tag: "T", navigate: "https://site.example/live", data: { own: 1 } },
      action: "watch", navigate: "https://site.example/watch",
    });
    assert.deepEqual([screen, happened], [[], ["open https://site.example/elsewhere"]]);
    hooks.click = () => new URL("https://site.example/url");
    await shown();
    await click();
    assert.deepEqual(happened, ["open https://site.example/url"]);
  });

  test("that the site's handler has done itself opens nothing, and is counted", async () => {
    stores.registrations?.set("https://site.example/", { server: "https://push.example.com", wanted: true });
    hooks.click = async () => false;
    await shown();
    calls = [];
    await click();
    assert.deepEqual([screen, happened], [[], []]);
    assert.deepEqual(calls.map(({ body }) => body[0].type), ["clicked"]);
  });

  test("leads where it would where the site's handler throws, returns nonsense or takes too long", async () => {
    for (const way of [() => { throw new Error("thrown"); }, () => 7, () => "javascript:alert(1)", () => null, () => true]) {
      hooks.click = way;
      await shown();
      await click();
      assert.deepEqual(happened, ["open https://site.example/live"], String(way));
    }
    await shown();
    mock.timers.enable({ apis: ["setTimeout"] });
    hooks.click = () => new Promise(() => {});
    const clicked = click();
    mock.timers.tick(300);
    await clicked;
    mock.timers.reset();
    assert.deepEqual(happened, ["open https://site.example/live"]);
  });

  test("opens its window within the second that Firefox gives it, whoever is asked before, and is told to the server after that", async () => {
    stores.registrations?.set("https://site.example/", { server: "https://push.example.com", wanted: true });
    await shown();
    hooks.click = () => new Promise(() => {});
    for (const path of ["deaf", "deaf/too"]) page(`https://site.example/${path}`);
    server = (path) => {
      happened.push(`tell ${path}`);
      return new Response(null, { status: 202 });
    };
    mock.timers.enable({ apis: ["setTimeout"] });
    let ended = false;
    const clicked = click().finally(() => (ended = true));
    /** @type {number | undefined} */
    let opened;
    for (let waited = 0; waited < 5_000 && !ended; waited += 50) {
      // What needs no time is done first, and may set the next timer.
      for (let i = 0; i < 20; i++) await new Promise((resolve) => setImmediate(resolve));
      if (happened.some((what) => what.startsWith("open"))) opened ??= waited;
      mock.timers.tick(50);
    }
    mock.timers.reset();
    await clicked;
    assert.deepEqual(happened, ["open https://site.example/live", "tell /v1/events"]);
    // The browser and the worker's own work have the rest.
    assert.ok(opened !== undefined && opened <= 850, `${opened} ms of waiting`);
  });

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
    hooks.click = hooks.close = () => happened.push("called");
    await dispatch("notificationclose", { notification: { tag: "", data: { mine: 1 } } });
    let closed = false;
    await dispatch("notificationclick", { action: "", notification: { data: { mine: 1 }, close: () => (closed = true) } });
    await dispatch("notificationclick", { action: "", notification: { data: null, close: () => (closed = true) } });
    assert.deepEqual([closed, happened], [false, []]);
  });
});

describe("a close", () => {
  /** @type {any[]} */
  let closed = [];
  beforeEach(() => {
    closed = [];
    hooks.close = (/** @type {any} */ { notification }) => closed.push(notification);
  });
  const notification = () => {
    const { title, options, close } = /** @type {Shown} */ (screen[0]);
    return { ...options, title, close };
  };

  test("is told to the site's handler", async () => {
    await push(declaration({ body: "b" }, "closed"));
    await dispatch("notificationclose", { notification: notification() });
    assert.deepEqual(closed, [{ title: "t", body: "b", tag: "closed", navigate: "https://site.example/", data: { own: 1 } }]);
  });

  test("after a click, or by what replaced it, is none", async () => {
    await push(declaration({}, "clicked"));
    const clicked = notification();
    await dispatch("notificationclick", { action: "", notification: clicked });
    await dispatch("notificationclose", { notification: clicked });
    await push(declaration({ tag: "g" }, "one"));
    const replaced = notification();
    await push(declaration({ tag: "g" }, "two"));
    await dispatch("notificationclose", { notification: replaced });
    assert.deepEqual(closed, []);
  });
});

describe("notifications to close", () => {
  /** A token of a message that was posted then, in minutes. @param {number} minute @param {string} [rest] */
  const posted = (minute, rest = "AAAA") => {
    const time = Buffer.alloc(6);
    time.writeUIntBE(1_796_035_200_000 + minute * 60_000, 0, 6);
    return time.toString("base64url") + rest;
  };
  /** @param {string} tag @param {number} minute */
  const before = (tag, minute) => ({ tag, before: 1_796_035_200_000 + minute * 60_000 });
  /** A push with what it closes. @param {object} members @param {string} token @param {unknown} close */
  const closing = (members, token, close) =>
    push(JSON.stringify({ web_push: 8030, notification: { title: "t", ...members, data: { pushkit: { token, close } } } }));
  const tags = () => screen.map(({ options }) => options.tag);
  beforeEach(() => stores.registrations?.set("https://site.example/", { server: "https://push.example.com", endpoint: "https://service.example/e" }));

  test("are closed by the push that they ride on, once that is shown", async (t) => {
    await push(declaration({ tag: "chat-1" }, posted(1)));
    await push(declaration({ tag: "chat-2" }, posted(1)));
    let open = 0;
    const { registration } = globals.self;
    const { showNotification } = registration;
    t.mock.method(registration, "showNotification", (/** @type {any[]} */ ...args) => {
      open = screen.length;
      return showNotification(...args);
    });
    await closing({ tag: "chat-3" }, posted(3), [before("chat-1", 2), before("chat-4", 2)]);
    assert.equal(open, 2);
    assert.deepEqual(tags(), ["chat-2", "chat-3"]);
  });

  test("stay where they were posted later, or are the push's own, or the site's own", async () => {
    await push(declaration({ tag: "later" }, posted(5)));
    for (const token of ["T", ""]) await push(declaration({ tag: `no-token${token}` }, token));
    screen.push({ title: "site's", options: { tag: "site", data: { own: 1 } }, close: () => assert.fail("closed") });
    const all = ["later", "no-tokenT", "no-token", "site", "own"];
    await closing({ tag: "own" }, posted(4), all.map((tag) => before(tag, 4)));
    assert.deepEqual(tags().sort(), all.sort());
  });

  test("are never what the push itself has shown, though its message was posted before", async () => {
    await push(declaration({ tag: "other" }, posted(1)));
    await closing({ tag: "own" }, posted(3), [before("own", 4), before("other", 4)]);
    assert.deepEqual(tags(), ["own"]);
    // Nor where it comes again, and cannot be shown as a handler wants it.
    takes = ({ data }) => typeof data.data !== "function";
    hooks.push = () => ({ notification: { body: "changed", data: () => {} } });
    await closing({ tag: "own" }, posted(3), [before("own", 4)]);
    assert.deepEqual(tags(), ["own"]);
  });

  test("and have no instance, as of an older worker, are told apart by their tokens", async () => {
    /** @type {any[]} */
    const told = [];
    hooks.close = (/** @type {any} */ { notification }) => told.push(notification.tag);
    await push(declaration({ tag: "chat-1" }, posted(1)));
    await push(declaration({ tag: "chat-2" }, posted(1, "BBBB")));
    const [one, two] = screen.map(({ options }) => {
      const { instance, ...pushkit } = options.data.pushkit;
      options.data = { ...options.data, pushkit };
      return options;
    });
    // As a worker that was started since knows them: by what the browser keeps.
    await closing({ tag: "shown" }, posted(3), [before("chat-1", 2)]);
    assert.deepEqual(tags(), ["chat-2", "shown"]);
    for (const notification of [one, two]) await dispatch("notificationclose", { notification: { ...notification, tag: `old-${notification.tag}` } });
    assert.deepEqual(told, ["old-chat-2"]);
  });

  test("that were named wrongly cost nothing", async (t) => {
    await push(declaration({ tag: "chat-1" }, posted(1)));
    for (const close of [5, "chat-1", {}, [null, 5, "chat-1", { tag: 5, before: 5 }, { tag: "chat-1" }, { tag: "chat-1", before: "later" }]]) {
      await closing({ tag: "shown" }, posted(3), close);
      assert.deepEqual(tags(), ["chat-1", "shown"], JSON.stringify(close));
    }
    const { registration } = globals.self;
    const { getNotifications } = registration;
    t.mock.method(registration, "getNotifications", (/** @type {any} */ by) =>
      by.tag === "broken" ? Promise.reject(new Error("broken")) : getNotifications(by));
    await closing({ tag: "shown" }, posted(4), [before("broken", 3), before("chat-1", 3)]);
    assert.deepEqual(tags(), ["shown"]);
  });

  test("are taken from the server where a page says so, and the person's close is none", async () => {
    /** @type {any[]} */
    const told = [];
    hooks.close = (/** @type {any} */ event) => told.push(event);
    await push(declaration({ tag: "chat-1" }, posted(1)));
    const { options } = /** @type {Shown} */ (screen[0]);
    calls = [];
    server = (path) => (path.endsWith("closings") ? Response.json({ close: [before("chat-1", 2)] }) : new Response(null, { status: 202 }));
    await dispatch("message", { data: { pushkit: { type: "check" } }, ports: [] });
    assert.deepEqual(tags(), []);
    assert.deepEqual(calls, [{ path: "/v1/subscriptions/closings", body: { endpoint: "https://service.example/e" } }]);
    // As Firefox tells of it.
    await dispatch("notificationclose", { notification: options });
    assert.deepEqual([told, calls.length], [[], 1]);
  });

  test("stay where the server is away, refuses or answers nonsense", async () => {
    await push(declaration({ tag: "chat-1" }, posted(1)));
    for (const answer of [() => { throw new TypeError("away"); }, () => new Response(null, { status: 503 }), () => Response.json(null), () => Response.json({ close: 5 })]) {
      server = answer;
      await dispatch("message", { data: { pushkit: { type: "check" } }, ports: [] });
    }
    assert.deepEqual(tags(), ["chat-1"]);
  });
});

describe("what the last push did", () => {
  const last = () => stores.registrations?.get("https://site.example/")?.lastPush;
  const subscribed = { server: "https://push.example.com", wanted: true };
  beforeEach(() => stores.registrations?.set("https://site.example/", subscribed));

  test("is kept beside the record", async () => {
    await push(declaration({}));
    const { at, ...rest } = last();
    assert.ok(Date.now() - at < 60_000);
    assert.deepEqual(rest, { title: "t", outcome: "shown" });
    assert.equal(stores.registrations?.get("https://site.example/").server, subscribed.server);
    takes = ({ icon }) => !icon;
    await push(declaration({ icon: "i.png" }));
    assert.deepEqual({ ...last(), at: 0 }, { at: 0, title: "t", outcome: "shown-less", error: "TypeError: refused" });
    takes = () => false;
    await assert.rejects(push(declaration({})), /refused/);
    assert.deepEqual({ ...last(), at: 0 }, { at: 0, title: "t", outcome: "not-shown", error: "TypeError: refused" });
  });

  test("is kept before a page is told of the push, which may look at once", async () => {
    /** @type {any} */
    let known;
    page("https://site.example/").postMessage = () => (known = last());
    await push(declaration({}));
    assert.equal(known?.outcome, "shown");
  });

  test("leaves nothing where there is no record", async () => {
    stores.registrations?.clear();
    await push(declaration({}));
    assert.equal(stores.registrations?.size, 0);
  });
});

describe("an event", () => {
  const report = () => push(declaration({}));
  beforeEach(() => stores.registrations?.set("https://site.example/", { server: "https://push.example.com", wanted: true }));

  test("is kept until the server has it, and then told once", async () => {
    server = () => new Response(null, { status: 503 });
    await report();
    assert.equal(stores.events?.size, 1);
    server = () => new Response(null, { status: 202 });
    await report();
    assert.equal(stores.events?.size, 0);
    assert.deepEqual(calls.map(({ body }) => body.length), [1, 2]);
  });

  test("that the server will never take is dropped", async () => {
    server = () => new Response(null, { status: 400 });
    await report();
    assert.equal(stores.events?.size, 0);
  });

  test("waits for a server that is away once, however many wait", async () => {
    server = () => { throw new TypeError("away"); };
    for (let i = 0; i < 250; i++) {
      stores.events?.set(`old ${i}`, { server: "https://push.example.com", event: { token: "T", type: "closed", at: Date.now() } });
    }
    await report();
    assert.equal(calls.length, 1);
    assert.equal(stores.events?.size, 251);
  });
});

describe("events at the same time", () => {
  beforeEach(() => stores.registrations?.set("https://site.example/", { server: "https://push.example.com", wanted: true }));
  const three = () => Promise.all(["A", "B", "C"].map((token) => push(declaration({}, token))));

  test("wait together for a server that is away, and go with the next", async () => {
    server = () => { throw new TypeError("away"); };
    await three();
    assert.equal(calls.length, 1);
    assert.equal(stores.events?.size, 3);
    server = () => new Response(null, { status: 202 });
    await push(declaration({}, "D"));
    assert.equal(stores.events?.size, 0);
  });

  test("are each told once to a server that is there", async () => {
    await three();
    assert.equal(stores.events?.size, 0);
    assert.deepEqual(calls.flatMap(({ body }) => body.map((/** @type {any} */ { token }) => token)).sort(), ["A", "B", "C"]);
  });
});

describe("a subscription that the browser lost", () => {
  /** Bytes that have both other characters of base64url. */
  const key = Uint8Array.of(4, 251, 255, 190).buffer;
  const made = {
    endpoint: "https://service.example/new",
    options: { applicationServerKey: key },
    toJSON: () => ({ endpoint: "https://service.example/new", keys: { p256dh: "p", auth: "a" } }),
  };
  const record = {
    server: "https://push.example.com", endpoint: "https://service.example/old", applicationServerKey: "before", id: "1",
    channels: ["news"], wanted: true, pending: false, removing: "",
  };
  /** @param {object} [kept] */
  async function lose(kept = {}) {
    stores.registrations?.set("https://site.example/", { ...record, ...kept });
    globals.self.registration.pushManager = { subscribe: async () => made };
    await dispatch("pushsubscriptionchange", { oldSubscription: { options: { applicationServerKey: key } }, newSubscription: null });
    return stores.registrations?.get("https://site.example/");
  }

  test("is made anew, and told with the key that it was made with and what it follows", async () => {
    server = () => Response.json({ id: "1", channels: ["news"] });
    assert.deepEqual(await lose(), { ...record, endpoint: made.endpoint, applicationServerKey: "BPv_vg" });
    assert.deepEqual(calls, [{ path: "/v1/subscriptions", body: {
      endpoint: made.endpoint, keys: { p256dh: "p", auth: "a" }, applicationServerKey: "BPv_vg",
      channels: ["news"], replaces: record.endpoint,
    } }]);
  });

  test("is told as the browser has made it, where the event brings the new one", async () => {
    server = () => Response.json({ id: "1", channels: ["news"] });
    stores.registrations?.set("https://site.example/", record);
    globals.self.registration.pushManager = { subscribe: () => assert.fail("subscribed once more") };
    await dispatch("pushsubscriptionchange", { oldSubscription: null, newSubscription: made });
    assert.deepEqual(calls.map(({ body }) => [body.endpoint, body.replaces]), [[made.endpoint, record.endpoint]]);
    assert.equal(stores.registrations?.get("https://site.example/").endpoint, made.endpoint);
  });

  test("is left to the next page where the server is away", async () => {
    server = () => { throw new TypeError("away"); };
    assert.deepEqual(await lose(), { ...record, pending: true });
  });

  test("is ended again where the person has cleared the site's data meanwhile, and nothing is kept", async () => {
    let ended = 0;
    const unsubscribe = async () => ended++;
    for (const answer of [() => Response.json({ id: "1", channels: [] }), () => { throw new TypeError("away"); }]) {
      server = () => {
        stores.registrations?.delete("https://site.example/");
        return answer();
      };
      stores.registrations?.set("https://site.example/", record);
      await dispatch("pushsubscriptionchange", { oldSubscription: null, newSubscription: { ...made, unsubscribe } });
      assert.equal(stores.registrations?.size, 0);
    }
    assert.equal(ended, 2);
  });

  test("leaves what a page has changed meanwhile, and is ended where the person has unsubscribed", async () => {
    let ended = 0;
    const renewed = { ...made, unsubscribe: async () => ended++ };
    /** @param {object} change */
    const renewWhile = async (change) => {
      server = () => {
        stores.registrations?.set("https://site.example/", { ...record, ...change });
        return Response.json({ id: "1", channels: ["news"] });
      };
      stores.registrations?.set("https://site.example/", record);
      await dispatch("pushsubscriptionchange", { oldSubscription: null, newSubscription: renewed });
      return stores.registrations?.get("https://site.example/");
    };
    const lastPush = { at: 1, title: "t", outcome: "shown" };
    const kept = await renewWhile({ lastPush });
    assert.deepEqual([kept.lastPush, kept.endpoint, ended], [lastPush, made.endpoint, 0]);
    const unsubscribed = { ...record, wanted: false, endpoint: "" };
    assert.deepEqual(await renewWhile(unsubscribed), unsubscribed);
    assert.equal(ended, 1);
  });

  test("of somebody else is left alone where ours cannot be made and the record has gone", async () => {
    stores.registrations?.set("https://site.example/", record);
    globals.self.registration.pushManager = {
      subscribe: async () => {
        stores.registrations?.clear();
        throw new DOMException("another key", "InvalidStateError");
      },
      getSubscription: () => assert.fail("looked for another's"),
    };
    await dispatch("pushsubscriptionchange", { oldSubscription: null, newSubscription: null });
    assert.equal(stores.registrations?.size, 0);
  });

  test("is kept at a second try where the browser says nothing to the first, under the lock", async () => {
    /** @type {string[]} */
    const order = [];
    globals.self.navigator.locks = {
      request: async (/** @type {string} */ name, /** @type {() => Promise<unknown>} */ work) => {
        order.push(name);
        await work();
        order.push("released");
      },
    };
    const { open } = globals.indexedDB;
    const { timeout } = AbortSignal;
    let opened = 0;
    // The second is the first to write what follows.
    globals.indexedDB.open = () => (++opened === 2 ? {} : open());
    AbortSignal.timeout = (ms) => timeout.call(AbortSignal, ms === 5_000 ? 20 : ms);
    const alive = setTimeout(() => {}, 5_000);
    try {
      server = () => Response.json({ id: "1", channels: ["news"] });
      globals.self.registration.pushManager = { subscribe: async () => made };
      stores.registrations?.set("https://site.example/", record);
      await dispatch("pushsubscriptionchange", { oldSubscription: null, newSubscription: null });
      order.push(stores.registrations?.get("https://site.example/").endpoint);
    } finally {
      clearTimeout(alive);
      AbortSignal.timeout = timeout;
      globals.indexedDB.open = open;
      delete globals.self.navigator.locks;
    }
    assert.deepEqual(order, ["pushkit:https://site.example/", "released", made.endpoint]);
  });

  test("that the browser cannot be asked of is not ended", async () => {
    const { open } = globals.indexedDB;
    let opened = 0;
    const failing = () => {
      /** @type {any} */
      const made = { error: new DOMException("aborted", "AbortError") };
      queueMicrotask(() => made.onerror());
      return made;
    };
    globals.indexedDB.open = () => (++opened > 1 ? failing() : open());
    try {
      server = () => Response.json({ id: "1", channels: ["news"] });
      stores.registrations?.set("https://site.example/", record);
      const renewed = { ...made, unsubscribe: () => assert.fail("ended") };
      await assert.rejects(dispatch("pushsubscriptionchange", { oldSubscription: null, newSubscription: renewed }), { name: "AbortError" });
    } finally {
      globals.indexedDB.open = open;
    }
  });

  test("stays lost where the person had unsubscribed", async () => {
    assert.equal((await lose({ wanted: false })).wanted, false);
    assert.deepEqual(calls, []);
  });
});
