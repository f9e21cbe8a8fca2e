// What a page load does for a subscription, and that it is nothing where nothing has changed.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { load } from "./bundle.mjs";

const { visit } = await load("js/src/check.ts");

/** @type {any} */
const globals = globalThis;
const settings = { server: "https://push.example.com", serviceWorker: "https://site.example/sw.js", scope: "https://site.example/", checkEvery: 3_600_000 };
const record = {
  server: settings.server, endpoint: "https://service.example/1", applicationServerKey: "key", id: "1", channels: ["news"],
  wanted: true, pending: false, removing: "",
};

/** An IDBRequest. @param {any} result */
function request(result) {
  /** @type {any} */
  const made = { result };
  queueMicrotask(() => made.onsuccess());
  return made;
}

/**
 * Loads a page in a browser that holds this, and tells what was done.
 *
 * @param {{record?: any, endpoint?: string | undefined, permission?: string, checked?: number, status?: number}} holds checked
 * is how long ago the tab asked the server, in ms; status is what the server answers, 0 where it is away
 */
async function open({ permission = "granted", checked, status = 204, ...holds }) {
  const stored = "record" in holds ? holds.record : record;
  const endpoint = "endpoint" in holds ? holds.endpoint : record.endpoint;
  /** @type {string[]} */
  const done = [];
  const registration = {
    scope: settings.scope,
    active: { postMessage: () => done.push("ping") },
    pushManager: { getSubscription: async () => (endpoint ? { endpoint } : null) },
  };
  const session = new Map(checked === undefined ? [] : [["pushkit:" + settings.scope, "" + (Date.now() - checked)]]);
  const own = {
    Notification: { permission },
    navigator: { serviceWorker: { getRegistration: async () => registration } },
    indexedDB: { open: () => request({ close() {}, transaction: () => ({ objectStore: () => ({ get: () => request(stored) }) }) }) },
    sessionStorage: { getItem: (/** @type {string} */ key) => session.get(key) ?? null, setItem: (/** @type {string} */ key, /** @type {string} */ value) => session.set(key, value) },
    fetch: async (/** @type {string} */ url) => {
      done.push(new URL(url).pathname);
      if (!status) throw new TypeError("away");
      return new Response(null, { status });
    },
  };
  for (const [name, value] of Object.entries(own)) Object.defineProperty(globals, name, { value, configurable: true });
  await visit(settings, async () => done.push("sync"));
  return done;
}

const check = "/v1/subscriptions/check";

describe("a page load", () => {
  /** @type {[string, Parameters<typeof open>[0], string[]][]} */
  const cases = [
    ["of a stranger does nothing", { record: undefined, endpoint: undefined }, []],
    ["of who has unsubscribed does nothing", { record: { server: settings.server, wanted: false, removing: "" }, endpoint: undefined }, []],
    ["within the hour does nothing", { checked: 1000 }, []],
    ["of a new tab asks the server once, and wakes the worker", {}, ["ping", check]],
    ["an hour later asks again", { checked: 3_600_001 }, ["ping", check]],
    ["is not disturbed by a server that is away", { status: 0 }, ["ping", check]],
    ["is not disturbed by a server that fails", { status: 503 }, ["ping", check]],
    ["syncs what the server does not know", { status: 404 }, ["ping", check, "sync"]],
    ["syncs what the server knows to be dead", { status: 410 }, ["ping", check, "sync"]],
    ["syncs what the browser has lost", { endpoint: undefined, checked: 1000 }, ["sync"]],
    ["syncs where the browser has another than the server", { endpoint: "https://service.example/2", checked: 1000 }, ["sync"]],
    ["syncs what is pending", { record: { ...record, pending: true }, checked: 1000 }, ["sync"]],
    ["syncs channels that the server has not heard of", { record: { ...record, wantedChannels: [] }, checked: 1000 }, ["sync"]],
    ["syncs an end that the server has not heard of", { record: { ...record, wanted: false, removing: "e" }, endpoint: undefined }, ["sync"]],
    ["syncs for another server", { record: { ...record, server: "https://old.example.com" }, checked: 1000 }, ["sync"]],
    ["syncs a subscription of which nothing is stored", { record: undefined }, ["sync"]],
    ["without permission does nothing", { permission: "denied" }, []],
    ["without permission any more tells of an end all the same", { permission: "denied", record: { ...record, removing: "e" } }, ["sync"]],
  ];
  for (const [name, holds, done] of cases) {
    test(name, async () => assert.deepEqual(await open(holds), done));
  }
});
