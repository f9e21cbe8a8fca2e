import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { load } from "./bundle.mjs";

const { Pushkit } = await load("js/src/pushkit.ts");

/** The globals of a page, as much of them as the loader looks at before it loads anything. */
const page = {
  isSecureContext: true,
  location: new URL("https://site.example/shop/index.html"),
  document: { baseURI: "https://site.example/shop/index.html" },
  Notification: { permission: "default", requestPermission: () => Promise.resolve("default") },
  PushManager: class {},
  requestIdleCallback: () => {},
};

const registrations = {
  addEventListener() {},
  getRegistration: async () => undefined,
};

/** @type {any} */
const globals = globalThis;

/** @param {any} [own] */
function browser(own = {}) {
  const { navigator, without = [], ...rest } = own;
  const all = { ...page, ...rest };
  for (const name of without) delete all[name];
  all.navigator = { serviceWorker: registrations, language: "de-CH", ...navigator };
  for (const [name, value] of Object.entries(all)) {
    Object.defineProperty(globals, name, { value, configurable: true, writable: true });
  }
  globals.window = globals;
}

afterEach(() => {
  for (const name of [...Object.keys(page), "window"]) delete globals[name];
});

const make = () => new Pushkit("https://push.example.com/pushkit.js");

describe("status() says what is in the way, the first reason first", () => {
  const forbidden = { Module: class { constructor() { throw new WebAssembly.CompileError("CSP"); } } };
  /** @type {[string, any, string][]} */
  const cases = [
    ["a page by http", { isSecureContext: false, without: ["Notification", "PushManager"] }, "insecure-context"],
    ["a tab in iOS", { navigator: { standalone: false }, without: ["Notification", "PushManager"] }, "ios-needs-install"],
    ["a Home Screen app of an old iOS", { navigator: { standalone: true }, without: ["Notification", "PushManager"] }, "no-push-manager"],
    ["a browser without push", { without: ["PushManager"] }, "no-push-manager"],
    ["a browser without notifications", { without: ["Notification"] }, "no-push-manager"],
    ["a policy without wasm-unsafe-eval", { WebAssembly: forbidden }, "no-webassembly"],
  ];
  const real = globals.WebAssembly;
  afterEach(() => (globals.WebAssembly = real));
  for (const [name, own, reason] of cases) {
    test(name, async () => {
      browser(own);
      const status = await make().status();
      assert.equal(status.reason, reason);
      assert.equal(status.supported, false);
      assert.ok(status.advice);
    });
  }
  test("a window without service workers", async () => {
    browser();
    globals.navigator = {};
    assert.equal((await make().status()).reason, "no-service-worker");
  });
  test("nothing before init() but that", async () => {
    browser();
    const { supported, reason } = await make().status();
    assert.deepEqual({ supported, reason }, { supported: true, reason: "not-initialized" });
  });
  test("a browser that throws is no exception for the page", async () => {
    browser({ navigator: { serviceWorker: { ...registrations, getRegistration: () => Promise.reject(new Error("broken")) } } });
    const pushkit = make();
    pushkit.init({ server: "https://push.example.com" });
    assert.equal((await pushkit.status()).reason, "unexpected");
  });
});

describe("init() refuses a wrong option with its name", () => {
  beforeEach(() => browser());
  const server = "https://push.example.com";
  /** @type {[any, string][]} */
  const cases = [
    [undefined, "server"],
    [null, "server"],
    [{}, "server"],
    [{ server: "push.example.com" }, "server"],
    [{ server: "/push" }, "server"],
    [{ server: "ftp://push.example.com" }, "server"],
    [{ server: 5 }, "server"],
    [{ server, serviceWorker: "https://other.example/sw.js" }, "serviceWorker"],
    [{ server, serviceWorker: "http://[" }, "serviceWorker"],
    [{ server, serviceWorker: "data:text/javascript," }, "serviceWorker"],
    [{ server, scope: "https://other.example/" }, "scope"],
    [{ server, checkEvery: -1 }, "checkEvery"],
    [{ server, checkEvery: "soon" }, "checkEvery"],
    [{ server, checkEvery: NaN }, "checkEvery"],
  ];
  for (const [options, option] of cases) {
    test(JSON.stringify(options) ?? "nothing", () => {
      assert.throws(
        () => make().init(options),
        (/** @type {any} */ error) => error.name === "PushkitError" && error.code === "invalid-option" && error.message.includes(`${option} must be`),
      );
    });
  }
});

test("a file that does not come is server-unreachable, with what the browser says of it", async () => {
  browser();
  const pushkit = make();
  pushkit.init({ server: "https://push.example.com" });
  for (const method of ["debug", "prompt"]) {
    await assert.rejects(pushkit[method](), (/** @type {any} */ error) => {
      assert.deepEqual([error.name, error.code], ["PushkitError", "server-unreachable"], method);
      assert.ok(error.message.endsWith(` ${error.cause.message}`), error.message);
      return true;
    });
  }
});

test("status() asks again for a subscription of which the browser says nothing, until it does", async (t) => {
  t.mock.timers.enable({ apis: ["setInterval"] });
  let asked = 0;
  const scope = "https://site.example/";
  const pushManager = { getSubscription: () => (++asked < 3 ? new Promise(() => {}) : Promise.resolve(null)) };
  const worker = { scriptURL: `${scope}pushkit-sw.js`, postMessage() {} };
  browser({ navigator: { serviceWorker: { ...registrations, getRegistration: async () => ({ scope, pushManager, active: worker }) } } });
  const pushkit = make();
  pushkit.init({ server: "https://push.example.com" });
  const status = pushkit.status();
  for (let calls = 1; calls <= 3; calls++) {
    await new Promise(setImmediate);
    assert.equal(asked, calls);
    t.mock.timers.tick(1000);
  }
  assert.deepEqual([(await status).supported, (await status).subscribed], [true, false]);
  await new Promise(setImmediate);
  t.mock.timers.tick(10_000);
  assert.equal(asked, 3);
});

describe("subscribe()", () => {
  test("asks for permission in the task of the click, before anything is loaded", () => {
    let asked = 0;
    browser({ Notification: { permission: "default", requestPermission: () => (asked++, new Promise(() => {})) } });
    const pushkit = make();
    pushkit.init({ server: "https://push.example.com" });
    pushkit.subscribe().catch(() => {});
    assert.equal(asked, 1);
  });

  /** @param {any} pushkit @param {any} [options] */
  const code = (pushkit, options) => pushkit.subscribe(options).then(() => "", (/** @type {any} */ error) => error.code);

  test("asks nobody where push cannot work, or an option is wrong", async () => {
    let asked = 0;
    const Notification = { permission: "default", requestPermission: () => (asked++, Promise.resolve("default")) };
    browser({ Notification, without: ["PushManager"] });
    const pushkit = make();
    assert.equal(await code(pushkit), "no-push-manager");
    browser({ Notification });
    assert.equal(await code(pushkit), "not-initialized");
    pushkit.init({ server: "https://push.example.com" });
    const wrong = [
      { channels: "news" }, { channels: [""] }, { channels: [5] }, { channels: [null] }, { channels: ["x".repeat(65)] },
      { channels: Array(51).fill("a") }, { channels: {} }, { locale: 5 }, { locale: "x".repeat(36) }, { timeZone: {} }, { userToken: ["t"] },
      { userToken: "" },
    ];
    for (const options of wrong) assert.equal(await code(pushkit, options), "invalid-option", JSON.stringify(options));
    assert.equal(asked, 0);
  });

  test("counts a channel's characters as the server does", async () => {
    const Notification = { permission: "default", requestPermission: () => new Promise(() => {}) };
    browser({ Notification });
    const pushkit = make();
    pushkit.init({ server: "https://push.example.com" });
    assert.equal(await code(pushkit, { channels: ["🔔".repeat(65)] }), "invalid-option");
    assert.notEqual(await code(pushkit, { channels: ["🔔".repeat(64)] }), "invalid-option");
  });

  test("says that permission is denied without asking again", async () => {
    browser({ Notification: { permission: "denied", requestPermission: () => assert.fail("asked") } });
    const pushkit = make();
    pushkit.init({ server: "https://push.example.com" });
    assert.equal(await code(pushkit), "permission-denied");
  });
});

/** A page that the worker asks whether it takes a click. @param {(pushkit: any) => void} listen @returns the worker's port */
function asked(listen) {
  /** @type {(event: any) => void} */
  let hear = () => {};
  const addEventListener = (/** @type {string} */ _, /** @type {any} */ listener) => (hear = listener);
  browser({ navigator: { serviceWorker: { ...registrations, addEventListener } } });
  const pushkit = make();
  pushkit.init({ server: "https://push.example.com" });
  listen(pushkit);
  const { port1, port2 } = new MessageChannel();
  hear({ data: { pushkit: { type: "click", navigate: "https://site.example/n", action: "watch" } }, ports: [port2] });
  return port1;
}

describe("a page takes a click", () => {
  const click = () => {};
  /** @type {[string, (pushkit: any) => void, boolean][]} */
  const cases = [
    ["that listens", (pushkit) => pushkit.addEventListener("click", click), true],
    ["that listens once", (pushkit) => pushkit.addEventListener("click", click, { once: true }), true],
    ["that does not listen", () => {}, false],
    ["that listens to something else", (pushkit) => pushkit.addEventListener("change", click), false],
    ["that has listened once and got it", (pushkit) => {
      pushkit.addEventListener("click", click, { once: true });
      pushkit.dispatchEvent(new Event("click"));
    }, false],
    ["that listens no more", (pushkit) => {
      pushkit.addEventListener("click", click);
      pushkit.removeEventListener("click", click);
    }, false],
    ["whose listener was aborted", (pushkit) => {
      const controller = new AbortController();
      pushkit.addEventListener("click", click, { signal: controller.signal });
      controller.abort();
    }, false],
    ["whose listener was aborted before", (pushkit) => pushkit.addEventListener("click", click, { signal: AbortSignal.abort() }), false],
  ];
  for (const [name, listen, takes] of cases) {
    test(`${name}: ${takes}`, async () => {
      const port = asked(listen);
      assert.equal(await new Promise((resolve) => (port.onmessage = ({ data }) => resolve(data))), takes);
      port.close();
    });
  }
});

test("the page that the worker has chosen gets the click, with all that it says", async () => {
  /** @type {(detail: any) => void} */
  let got = () => {};
  const clicked = new Promise((resolve) => (got = resolve));
  const port = asked((pushkit) => pushkit.addEventListener("click", (/** @type {any} */ { detail }) => got(detail)));
  port.postMessage(true);
  assert.deepEqual(await clicked, { navigate: "https://site.example/n", action: "watch" });
  port.close();
});
