import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { load } from "./bundle.mjs";

/** @type {any} */
const globals = globalThis;
globals.PUSHKIT_VERSION = "1.2.3";

const { debug } = await load("js/src/debug/index.ts");

const endpoint = "https://service.example/send/aVerySecretAddress";
const key = Uint8Array.from({ length: 65 }, (_, i) => (i ? 200 + (i % 50) : 4));
const keyText = Buffer.from(key).toString("base64url");
const scope = "https://site.example/";
const settings = { server: "https://push.example.com", serviceWorker: scope + "sw.js", scope, checkEvery: 0 };

/** What is kept of the scope. @type {any} */
let record;
/** What the worker answers to a ping. @type {any} */
let pong;
/** The server's answers, by path. @type {Record<string, () => Response>} */
let answers;
/** What the server was asked. @type {any[]} */
let asked;

const subscription = { endpoint, expirationTime: null, options: { applicationServerKey: key.buffer } };
const worker = {
  scriptURL: scope + "sw.js", state: "activated",
  postMessage: (/** @type {any} */ _, /** @type {MessagePort[]} */ [port] = []) => pong && port?.postMessage({ pushkit: pong }),
};
const registration = {
  scope, active: worker,
  pushManager: { getSubscription: async () => subscription },
  getNotifications: async () => [{}, {}],
};

/** An IDBRequest. @param {() => any} result */
function request(result) {
  /** @type {any} */
  const made = {};
  queueMicrotask(() => {
    made.result = result();
    made.onsuccess();
  });
  return made;
}
const store = { get: () => request(() => record), count: () => request(() => 3) };
const database = { transaction: () => ({ objectStore: () => store }), close() {} };

/** @param {Record<string, any>} [own] */
function browser(own = {}) {
  const all = {
    isSecureContext: true,
    location: new URL("https://site.example/shop/?token=private#part"),
    Notification: { permission: "granted", maxActions: 2 },
    PushManager: { supportedContentEncodings: ["aes128gcm"] },
    navigator: {
      userAgent: "Browser/1", languages: ["de", "en"],
      serviceWorker: { getRegistration: async () => registration, getRegistrations: async () => [registration] },
    },
    matchMedia: () => ({ matches: false }),
    indexedDB: { open: () => request(() => database) },
    fetch: async (/** @type {string} */ url, /** @type {any} */ init) => {
      asked.push(init.body && JSON.parse(init.body));
      const answer = answers[new URL(url).pathname];
      if (!answer) throw new TypeError("away");
      return answer();
    },
    ...own,
  };
  for (const [name, value] of Object.entries(all)) {
    if (value === undefined) delete globals[name];
    else Object.defineProperty(globals, name, { value, configurable: true, writable: true });
  }
  globals.window = globals;
}

beforeEach(() => {
  record = {
    server: settings.server, endpoint, applicationServerKey: keyText, id: "the-id", channels: ["news"], wanted: true, pending: false,
    removing: "", lastPush: { at: 1700000000000, title: "Goal!", outcome: "shown" },
  };
  pong = { type: "pong", version: "1.2.3" };
  answers = {
    "/v1/config": () => Response.json({ applicationServerKey: keyText }),
    "/v1/subscriptions/check": () => new Response(null, { status: 204 }),
  };
  asked = [];
  browser();
});

describe("debug()", () => {
  test("tells what is there, and finds nothing where all is well but what waits", async () => {
    const report = await debug(settings);
    assert.deepEqual(report.problems, ["3 events wait for the server."]);
    const { status, subscription: s, record: r, server, lastPush, workers, shown } = report;
    assert.deepEqual([status.subscribed, status.channels, status.id], [true, ["news"], "the-id"]);
    assert.deepEqual([s.pushService, s.encodings, s.expires], ["service.example", ["aes128gcm"], null]);
    assert.deepEqual([r.wanted, r.pending, r.waiting], [true, false, 3]);
    assert.deepEqual([server.subscription, typeof server.took], ["known", "number"]);
    assert.deepEqual(lastPush, { at: 1700000000000, title: "Goal!", outcome: "shown" });
    assert.deepEqual(workers, [{ scope, script: scope + "sw.js", state: "activated", pushkit: true, version: "1.2.3" }]);
    assert.equal(shown, 2);
    // The two are the same, and one can see it.
    assert.match(s.endpoint, /^[0-9a-f]{8}$/);
    assert.deepEqual([r.endpoint, r.applicationServerKey, server.applicationServerKey], [s.endpoint, s.applicationServerKey, s.applicationServerKey]);
  });

  test("holds neither endpoint nor key nor a page's query, as an object or as a text", async () => {
    record.removing = "https://service.example/send/another";
    const report = await debug(settings);
    for (const text of [JSON.stringify(report), String(report)]) {
      for (const secret of [endpoint, "aVerySecretAddress", "another", keyText, keyText.slice(0, 20), "token=private"]) {
        assert.ok(!text.includes(secret), `${secret} in ${text}`);
      }
    }
  });

  test("as a text has a line for each member, for people", async () => {
    const text = String(await debug(settings));
    for (const line of ["pushkit: 1.2.3", "problems:", "  - 3 events wait for the server.", "  secure context: yes", "  declarative push: no",
      "languages: de, en", `  - scope: ${scope}`, `    script: ${scope}sw.js`, "last push:", "  title: Goal!", "  push service: service.example"]) {
      assert.ok(text.split("\n").includes(line), `${line} in\n${text}`);
    }
  });

  /** @type {[string, () => void, RegExp][]} */
  const cases = [
    ["a server that is away", () => (answers = {}), /push\.example\.com cannot be reached/],
    ["a server that refuses this origin", () => (answers["/v1/config"] = () => new Response(null, { status: 403 })), /gives no key/],
    ["a subscription that the server does not know", () => (answers["/v1/subscriptions/check"] = () => new Response(null, { status: 404 })), /does not know/],
    ["a subscription that has ended", () => (answers["/v1/subscriptions/check"] = () => new Response(null, { status: 410 })), /has ended/],
    ["another key", () => (answers["/v1/config"] = () => Response.json({ applicationServerKey: "another" })), /another key/],
    ["an endpoint that the server was not told", () => (record.endpoint = "https://service.example/old"), /was not told/],
    ["a change that waits", () => (record.pending = true), /has not reached/],
    ["a push that was not shown", () => (record.lastPush = { at: 1, title: "t", outcome: "not-shown", error: "TypeError: no" }), /could not be shown: TypeError: no/],
    ["a worker that does not import ours", () => (pong = undefined), /sw\.js does not answer/],
    ["permission that is denied", () => browser({ Notification: { permission: "denied" } }), /\(permission-denied\)/],
    ["permission that nobody was asked for", () => browser({ Notification: { permission: "default" } }), /Nobody has been asked/],
  ];
  for (const [what, arrange, sentence] of cases) {
    test(`finds ${what}`, async () => {
      arrange();
      const { problems } = await debug(settings);
      assert.ok(problems.some((/** @type {string} */ problem) => sentence.test(problem)), problems.join("\n"));
    });
  }

  test("never rejects, whatever the browser lacks or refuses", async () => {
    const refuse = () => Promise.reject(new DOMException("", "SecurityError"));
    const { userAgent, languages } = globals.navigator;
    const refusing = { userAgent, languages, serviceWorker: { getRegistration: refuse, getRegistrations: refuse } };
    for (const own of [
      { navigator: { userAgent, languages } },
      { navigator: refusing },
      { isSecureContext: false, Notification: undefined, PushManager: undefined, indexedDB: undefined, navigator: { userAgent, languages } },
      { indexedDB: { open() { throw new DOMException("", "SecurityError"); } } },
    ]) {
      browser(own);
      assert.ok(String(await debug(settings)).includes("problems:"));
      assert.ok((await debug()).problems.length);
    }
    assert.equal(asked.every((body) => !body || body.endpoint === endpoint), true);
  });
});
