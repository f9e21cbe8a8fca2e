import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

const line = `importScripts("https://push.example.com/pushkit-sw.js");`;

/** @param {() => import("../world.mjs").World} theWorld */
export function workers(theWorld) {
  /**
   * Opens a page of a site that has a service worker already.
   *
   * @param {string} source of the worker
   * @param {WorkerType} [type]
   * @param {string} [file]
   */
  async function visitWithWorker(source, type = "classic", file = "/own-sw.js") {
    const world = theWorld();
    world.site.files.set(file, { body: source });
    const visit = await Visit.blank(world, world.newOrigin());
    await visit.page.evaluate(async (type, file) => {
      await navigator.serviceWorker.register(file, { type });
      const { active } = await navigator.serviceWorker.ready;
      Object.assign(window, { found: active });
    }, type, file);
    return visit;
  }

  /**
   * Whether the worker that was found still is the only one.
   *
   * @param {Visit} visit
   */
  const isKept = (visit) =>
    visit.page.evaluate(async () => {
      const [registration, ...more] = await navigator.serviceWorker.getRegistrations();
      const { active, waiting, installing } = registration ?? {};
      return more.length === 0 && active === /** @type {any} */ (window).found && !waiting && !installing;
    });

  test("a worker of the site's own is not replaced: the page is told the line to add to it", async () => {
    const world = theWorld();
    const shown = world.desktop.history.length;
    const visit = await visitWithWorker("addEventListener('message', () => {});");
    const subscriptions = (await world.emulator.subscriptions()).length;
    // status() tells before anybody is asked.
    await world.browser.setPermission(visit.origin, "prompt");
    const { supported, reason, advice } = await visit.status();
    assert.equal(await world.browser.prompt.isOpen(), false);
    await world.browser.setPermission(visit.origin, "granted");
    assert.deepEqual({ supported, reason }, { supported: false, reason: "foreign-service-worker" });
    assert.ok(advice.includes(`importScripts("${world.server.url}/pushkit-sw.js")`), advice);
    assert.equal((await visit.call("subscribe")).code, "foreign-service-worker");
    assert.equal(await isKept(visit), true);
    assert.equal(await visit.page.evaluate(async () => (await navigator.serviceWorker.ready).pushManager.getSubscription()), null);
    assert.equal((await world.emulator.subscriptions()).length, subscriptions);
    assert.equal(world.desktop.history.length, shown);
    await visit.end();
  });

  test("another vendor's worker is named", async () => {
    const visit = await visitWithWorker("addEventListener('push', () => {});", "classic", "/OneSignalSDKWorker.js");
    const { code, message } = await visit.call("subscribe");
    assert.equal(code, "foreign-service-worker");
    assert.ok(message?.endsWith("/OneSignalSDKWorker.js is of OneSignal."), message);
    assert.equal(await isKept(visit), true);
    await visit.end();
  });

  test("a scope above the worker's folder is refused with the header that its file lacks, and works with it", async () => {
    const world = theWorld();
    world.site.files.set("/push/sw.js", { body: line });
    const visit = await Visit.blank(world, world.newOrigin(), { serviceWorker: "/push/sw.js", scope: "/" });
    const { code, message } = await visit.call("subscribe");
    assert.equal(code, "service-worker-failed");
    const [, name = "", value = ""] = /the header (\S+): (\S+)$/.exec(message ?? "") ?? [];
    assert.deepEqual([name, value], ["Service-Worker-Allowed", "/"], message);
    world.site.files.set("/push/sw.js", { body: line, headers: { [name]: value } });
    assert.equal((await visit.call("subscribe")).status?.subscribed, true);
    await visit.notify();
    await visit.end();
  });

  for (const { as, source, type } of /** @type {const} */ ([
    { as: "a script", source: line, type: "classic" },
    { as: "a module", source: `import "https://push.example.com/pushkit-sw.js";`, type: "module" },
  ])) {
    test(`a worker of the site's own that imports ours as ${as} is kept, and shows what is sent`, async () => {
      const visit = await visitWithWorker(source, type);
      const { supported, reason } = await visit.status();
      assert.deepEqual({ supported, reason }, { supported: true, reason: null });
      assert.equal((await visit.call("subscribe")).status?.subscribed, true);
      const { title } = await visit.notify();
      assert.deepEqual((await visit.notifications()).map(({ title }) => title), [title]);
      assert.equal(await isKept(visit), true);
      await visit.end();
    });
  }

  test("subscribe() waits for a worker that is slow to install on the first visit", async () => {
    const world = theWorld();
    world.site.files.set("/slow-sw.js", {
      body: `${line}
        const released = new Promise((resolve) => addEventListener("message", ({ data }) => data === "go on" && resolve()));
        addEventListener("install", (event) => event.waitUntil(released));`,
    });
    const visit = await Visit.blank(world, world.newOrigin(), { serviceWorker: "/slow-sw.js" });
    let ended = false;
    const subscribing = visit.call("subscribe").finally(() => (ended = true));
    const installing = () => visit.page.evaluate(async () => Boolean((await navigator.serviceWorker.getRegistration())?.installing));
    await until(installing, "worker that installs");
    // Another tab of the same first visit finds it so.
    const other = await Visit.blank(world, visit.origin, { serviceWorker: "/slow-sw.js" });
    assert.equal((await other.status()).subscribed, false);
    assert.equal(await installing(), true);
    assert.equal(ended, false);
    await visit.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.installing?.postMessage("go on"));
    const { status, code } = await subscribing;
    assert.equal(status?.subscribed, true, code);
    await visit.notify();
    await other.end();
    await visit.end();
  });

  test("a worker that is updated keeps the subscription, and shows the next message", async () => {
    const world = theWorld();
    // What it shows tells its version.
    const version = (/** @type {number} */ number) => ({
      body: `${line}
        const { showNotification } = ServiceWorkerRegistration.prototype;
        ServiceWorkerRegistration.prototype.showNotification = function (title, options) {
          return showNotification.call(this, title, { ...options, body: "by version ${number}" });
        };`,
    });
    world.site.files.set("/versions-sw.js", version(1));
    const visit = await Visit.blank(world, world.newOrigin(), { serviceWorker: "/versions-sw.js" });
    const { status } = await visit.call("subscribe");
    const { id, endpoint } = status;
    assert.match((await visit.notify()).shown.body, /by version 1$/);
    await visit.page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      Object.assign(window, { found: active });
    });

    world.site.files.set("/versions-sw.js", version(2));
    await visit.page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    const updated = () =>
      visit.page.evaluate(async () => {
        const { active, waiting, installing } = await navigator.serviceWorker.ready;
        return active?.state === "activated" && active !== /** @type {any} */ (window).found && !waiting && !installing;
      });
    await until(updated, "new version");
    const now = await visit.status();
    assert.deepEqual([now.subscribed, now.id, now.endpoint], [true, id, endpoint]);
    assert.match((await visit.notify()).shown.body, /by version 2$/);
    await visit.end();
    const again = await Visit.blank(world, visit.origin, { serviceWorker: "/versions-sw.js" });
    assert.equal((await again.status()).endpoint, endpoint);
    assert.equal((await world.emulator.subscription(endpoint)).state, "active");
    await again.end();
  });
}
