import assert from "node:assert/strict";
import { beforeEach, test } from "node:test";
import { until } from "../harness/until.mjs";
import { load } from "./bundle.mjs";

const { visit } = await load("js/src/check.ts");

/** @type {any} */
const globals = globalThis;
const scope = "https://site.example/";
const settings = { server: "https://push.example.com", serviceWorker: scope + "sw.js", scope, checkEvery: 60_000 };
const endpoint = "https://service.example/e";

/** What happened, in order. @type {string[]} */
let happened;
/** @type {() => Response} */
let server;
/** What is stored of the subscription. @type {any} */
let stored;

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
const record = { server: settings.server, endpoint, applicationServerKey: "key", channels: ["news"], wanted: true, pending: false };
const registration = {
  scope,
  active: { postMessage: (/** @type {any} */ { pushkit }) => happened.push(`tell ${pushkit.type}`) },
  pushManager: { getSubscription: async () => ({ endpoint }) },
};

beforeEach(() => {
  happened = [];
  stored = record;
  const kept = new Map();
  const all = {
    Notification: { permission: "granted" },
    navigator: { serviceWorker: { getRegistration: async () => registration } },
    indexedDB: { open: () => request(() => ({ transaction: () => ({ objectStore: () => ({ get: () => request(() => stored) }) }), close() {} })) },
    sessionStorage: { getItem: (/** @type {string} */ key) => kept.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => kept.set(key, value) },
    fetch: async () => server(),
  };
  for (const [name, value] of Object.entries(all)) Object.defineProperty(globals, name, { value, configurable: true, writable: true });
});

/** A page load, and then another one. */
async function twice() {
  for (let i = 0; i < 2; i++) await visit(settings, async () => void happened.push("sync"));
  return happened;
}

test("a page load that finds nothing wakes the worker, loads nothing, and the next one asks nothing", async () => {
  server = () => new Response(null, { status: 204 });
  assert.deepEqual(await twice(), ["tell ping"]);
});

test("a subscription of which nothing is stored, and which is not taken up, is judged once a visit", async () => {
  stored = undefined;
  assert.deepEqual(await twice(), ["sync"]);
});

test("a subscription of which nothing is stored is judged again where that failed", async () => {
  stored = undefined;
  for (let i = 0; i < 2; i++) await assert.rejects(visit(settings, () => Promise.reject(new Error("away"))), /away/);
  assert.deepEqual(await twice(), ["sync"]);
});

test("a server that never answers keeps nothing from the worker", async () => {
  server = () => /** @type {any} */ (new Promise(() => {}));
  visit(settings, async () => {});
  await until(() => happened.length > 0, "ping to the worker");
  assert.deepEqual(happened, ["tell ping"]);
});

test("a page load that finds something to close leaves that to the worker, and loads nothing either", async () => {
  server = () => Response.json({ closings: 2 });
  assert.deepEqual(await twice(), ["tell ping", "tell check"]);
});

for (const status of [404, 410]) {
  test(`a subscription that the server answers ${status} to is repaired`, async () => {
    server = () => new Response(null, { status });
    assert.deepEqual(await twice(), ["tell ping", "sync", "tell ping", "sync"]);
  });
}

test("a server that is away or fails is asked again by the next page", async () => {
  server = () => {
    throw new TypeError("away");
  };
  await twice();
  server = () => new Response(null, { status: 503 });
  assert.deepEqual(await twice(), Array(4).fill("tell ping"));
});
