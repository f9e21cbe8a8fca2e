import assert from "node:assert/strict";
import { cp, rm } from "node:fs/promises";
import { test } from "node:test";
import { Gate } from "../../harness/gate.mjs";
import { until, within } from "../../harness/until.mjs";
import { stored } from "../stored.mjs";
import { Visit } from "../visit.mjs";
import { World } from "../world.mjs";

/** An application server's key that is not our server's. */
const foreignKey = "BDjIYwaZnSpbyu-R9pcMX54GT7rUuL_MGMZtreqYrimda0ywPMy-8_C7ywdNoukd5SVBEnrCezSIIHtXyJ7EJ9c";

/**
 * What browser, site or push service do behind our back.
 *
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function losing(theWorld, browser) {
  /** Awaits that a page has another subscription than before. @param {Visit} visit @param {string} endpoint that it had */
  const renewed = (visit, endpoint) =>
    until(async () => {
      const status = await visit.status();
      return status.subscribed && status.endpoint !== endpoint && status;
    }, "new subscription");

  test("a subscription that the site has replaced by itself is the server's at the next visit, under the same id", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    const moved = await visit.page.evaluate(async () => {
      const { pushManager } = await navigator.serviceWorker.ready;
      const subscription = await pushManager.getSubscription();
      await subscription?.unsubscribe();
      // Chromium's is of permanently-removed.invalid for a moment.
      for (;;) {
        const made = await pushManager.subscribe(/** @type {PushSubscriptionOptions} */ (subscription?.options));
        if (!made.endpoint.includes(".invalid/")) return made.endpoint;
        await made.unsubscribe();
      }
    });
    assert.notEqual(moved, endpoint);
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    const status = await renewed(again, endpoint);
    assert.deepEqual([status.id, status.endpoint], [id, moved]);
    await again.notify();
    await again.end();
  });

  test("a site that clears its IndexedDB keeps the subscription, which the next visit takes up", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    await visit.page.evaluate(async () => {
      for (const { name } of await indexedDB.databases()) indexedDB.deleteDatabase(/** @type {string} */ (name));
    });
    assert.equal((await visit.status()).subscribed, false);
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    await again.says("This browser is subscribed.");
    const status = await again.status();
    assert.deepEqual([status.id, status.endpoint], [id, endpoint]);
    const { sent } = await again.notify();
    // The worker knows its server again.
    await world.counted(sent.id, { displayed: 1 });
    await again.end();
  });

  test("a subscription of another key that is not ours is left alone, and no second visit loads WebAssembly for it", async () => {
    const world = theWorld();
    const first = await Visit.blank(world, world.newOrigin());
    const endpoint = await first.page.evaluate(async (applicationServerKey) => {
      await navigator.serviceWorker.register("/pushkit-sw.js");
      const { pushManager } = await navigator.serviceWorker.ready;
      return (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })).endpoint;
    }, foreignKey);
    await first.end();
    const second = await Visit.blank(world, first.origin);
    await until(async () => (await stored(second.page, "registrations")).length, "record of the judgement");
    assert.equal((await second.status()).subscribed, false);
    await second.end();
    const third = await Visit.blank(world, first.origin);
    assert.equal(await third.loadedWebAssembly(), false);
    assert.equal((await third.subscription()).endpoint, endpoint);
    await third.end();
  });

  test("after all data of the site was cleared a click subscribes anew, without a question, and the old subscription has ended", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    world.site.files.set("/cleared.html", { body: "<title>cleared</title>", headers: { "Clear-Site-Data": '"storage"' } });
    await visit.page.evaluate(() => fetch("/cleared.html"));
    await visit.end();
    await world.emulator.ended(endpoint);
    const again = await Visit.start(world, visit.origin);
    await again.says("This browser is not subscribed.");
    await again.press("#subscribe");
    // A worker that Firefox cut off from its storage keeps the lock until its time is up, which is 30 s at the most: thrice
    // StorageTimeout and once RequestTimeout. Less than the 60 s of LockTimeout, lest a page pass that waited them out.
    await until(async () => (await again.text("#status")) === "This browser is subscribed.", "subscription", 45_000);
    assert.equal(await world.browser.prompt.isOpen(), false);
    const subscribed = await again.status();
    assert.notEqual(subscribed.endpoint, endpoint);
    assert.notEqual(subscribed.id, id);
    await again.notify();
    const { counts } = await world.server.send({ notification: { title: "nobody" }, audience: { subscriptions: [id] } });
    assert.equal(counts.accepted, 0);
    await again.end();
  });

  const saysNothing = browser === "chromium" && "it drops a subscription without pushsubscriptionchange";
  test("what is cleared while the worker renews a subscription does not come back by that", { skip: saysNothing }, async (t) => {
    // Of its own: the workers of all origins renew what the push service forgets.
    const world = await World.start("firefox");
    t.after(() => world.stop());
    const gate = await Gate.start(world.server.url);
    try {
      const visit = await Visit.blank(world, world.newOrigin(), { server: gate.url });
      const { id } = (await visit.call("subscribe")).status;
      const held = gate.hold("POST /v1/subscriptions", "answer");
      await world.emulator.forgetBrowsers();
      await within(held, "word of the renewed subscription");
      const { endpoint = "" } = await visit.subscription();
      await visit.page.evaluate(async () => {
        for (const { name } of await indexedDB.databases()) {
          const deleting = indexedDB.deleteDatabase(/** @type {string} */ (name));
          await new Promise((resolve, reject) => {
            deleting.onsuccess = resolve;
            deleting.onerror = () => reject(deleting.error);
          });
        }
      });
      gate.release();
      const ended = () => visit.page.evaluate(async () => !(await (await navigator.serviceWorker.ready).pushManager.getSubscription()));
      await until(ended, "end of the subscription");
      // Firefox has forgotten it before it has told the push service.
      await world.emulator.ended(endpoint);
      assert.deepEqual(await visit.page.evaluate(() => indexedDB.databases()), []);
      const { counts } = await world.server.send({ notification: { title: "nobody" }, audience: { subscriptions: [id] } });
      assert.deepEqual([counts.accepted, counts.gone], [0, 1]);
      await visit.end();
    } finally {
      await gate.stop();
    }
  });

  test("a profile that is restored from a copy has a living subscription at the next visit", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    await visit.end();
    const { profile } = world.browser;
    await world.browser.close();
    await cp(profile, `${profile}-copy`, { recursive: true });
    await world.browser.open();
    // Meanwhile the browser gets another subscription.
    await world.emulator.endSubscription(endpoint);
    await world.server.send({ notification: { title: "lost" }, audience: { subscriptions: [id] } });
    const changed = await Visit.start(world, visit.origin);
    const later = await renewed(changed, endpoint);
    await changed.end();
    await world.browser.close();
    await rm(profile, { recursive: true, maxRetries: 3 });
    await cp(`${profile}-copy`, profile, { recursive: true });
    await world.browser.open();
    await world.emulator.connected();
    const restored = await Visit.start(world, visit.origin);
    const status = await renewed(restored, endpoint);
    assert.notEqual(status.endpoint, later.endpoint);
    await restored.notify();
    await restored.end();
  });

  test("a subscription of which the push service says that it has another key is not lost, and made anew at the next visit", async () => {
    const world = theWorld();
    const visit = await Visit.blank(world, world.newOrigin());
    await visit.page.evaluate((applicationServerKey) => {
      const { subscribe } = PushManager.prototype;
      PushManager.prototype.subscribe = function (options) {
        return subscribe.call(this, { ...options, applicationServerKey });
      };
    }, foreignKey);
    const { id, endpoint } = (await visit.call("subscribe")).status;
    const { counts } = await world.server.send({ notification: { title: "refused" }, audience: { subscriptions: [id] } });
    assert.deepEqual([counts.failed, counts.gone], [1, 0]);
    assert.ok((await world.subscriptions()).includes(id));
    await visit.end();
    const again = await Visit.blank(world, visit.origin);
    assert.equal((await renewed(again, endpoint)).id, id);
    await world.emulator.ended(endpoint);
    await again.notify();
    await again.end();
  });

  test("endpoints of permanently-removed.invalid are ended and asked for again, until one is real", async () => {
    const world = theWorld();
    const visit = await Visit.blank(world, world.newOrigin());
    const before = (await world.emulator.subscriptions()).length;
    // As Chromium does for a moment after an unsubscribe().
    await visit.page.evaluate(() => {
      const page = Object.assign(window, { removed: 0 });
      const { subscribe } = PushManager.prototype;
      PushManager.prototype.subscribe = async function (options) {
        if (page.removed === 2) return subscribe.call(this, options);
        const endpoint = `https://permanently-removed.invalid/fcm/send/${page.removed}`;
        return /** @type {any} */ ({ endpoint, unsubscribe: async () => Boolean(++page.removed) });
      };
    });
    const { status, code } = await visit.call("subscribe");
    assert.equal(status?.subscribed, true, code);
    assert.equal(await visit.page.evaluate(() => /** @type {any} */ (window).removed), 2);
    assert.equal((await world.emulator.subscriptions()).length, before + 1);
    await visit.notify();
    await visit.end();
  });

  for (const { as, told } of [
    { as: "with the new subscription", told: true },
    { as: "without one", told: false },
  ]) {
    test(`pushsubscriptionchange ${as} is told to the server by the worker, and the next visit has nothing to repair`, async () => {
      const world = theWorld();
      // Neither browser can be brought to fire it so: the change is real, the event is made.
      world.site.files.set("/change-sw.js", {
        body: `importScripts("https://push.example.com/pushkit-sw.js");
          async function change(told) {
            const { pushManager } = registration;
            const oldSubscription = await pushManager.getSubscription();
            const { options } = oldSubscription;
            await oldSubscription.unsubscribe();
            let newSubscription = null;
            // Chromium's is of permanently-removed.invalid for a moment.
            for (;;) {
              newSubscription = await pushManager.subscribe(options);
              if (told && !newSubscription.endpoint.includes(".invalid/")) break;
              await newSubscription.unsubscribe();
              if (!told && !newSubscription.endpoint.includes(".invalid/")) { newSubscription = null; break; }
            }
            const works = [];
            const event = new Event("pushsubscriptionchange");
            dispatchEvent(Object.assign(event, { oldSubscription, newSubscription, waitUntil: (work) => works.push(work) }));
            await Promise.all(works);
          }
          addEventListener("message", (event) => {
            if (event.data.change) event.waitUntil(change(event.data.told).then(() => event.ports[0].postMessage("changed"), ({ message }) => event.ports[0].postMessage(message)));
          });`,
      });
      const options = { serviceWorker: "/change-sw.js" };
      const visit = await Visit.blank(world, world.newOrigin(), options);
      const { id, endpoint } = (await visit.call("subscribe")).status;
      const answer = await visit.page.evaluate(async (told) => {
        const { active } = await navigator.serviceWorker.ready;
        const { port1, port2 } = new MessageChannel();
        active?.postMessage({ change: true, told }, [port2]);
        return new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
      }, told);
      assert.equal(answer, "changed");
      const now = await visit.status();
      assert.deepEqual([now.subscribed, now.id], [true, id]);
      assert.notEqual(now.endpoint, endpoint);
      await visit.end();
      const again = await Visit.blank(world, visit.origin, options);
      await again.notify();
      assert.equal(await again.loadedWebAssembly(), false);
      await again.end();
    });
  }

  test("subscribe() in two tabs at once is one subscription of the browser, and one notification, where there are no Web Locks as well", async () => {
    const world = theWorld();
    const origin = world.newOrigin();
    const visits = [await Visit.blank(world, origin), await Visit.blank(world, origin)];
    for (const { page } of visits) {
      await page.evaluate(() => void Object.defineProperty(Navigator.prototype, "locks", { value: undefined }));
    }
    const before = await world.subscriptions();
    const answers = await Promise.all(visits.map((visit) => visit.call("subscribe")));
    assert.deepEqual(answers.map(({ status, code }) => status?.subscribed ?? code), [true, true]);
    // The other tab may be telling the server still: nothing keeps one from it meanwhile.
    const [first, second] = /** @type {[Visit, Visit]} */ (visits);
    const { id, endpoint } = await until(async () => {
      const status = await first.status();
      return status.subscribed && status;
    }, "subscription in the first tab");
    assert.equal((await second.subscription()).endpoint, endpoint);
    // Asked twice at once for its first subscription, Chromium registers twice: then the server has the lost one, too.
    const made = (await world.subscriptions()).filter((/** @type {string} */ id) => !before.includes(id));
    assert.ok(made.includes(id) && made.length <= 2, `${made}`);
    const { title } = await second.notify({}, { audience: { subscriptions: made } });
    await first.notify();
    assert.equal(world.desktop.history.filter(({ summary }) => summary === title).length, 1);
    for (const visit of visits) await visit.end();
  });

  test("calls of all kinds at once leave browser, server and page of one mind", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const calls = /** @type {const} */ (["subscribe", "unsubscribe", "sync", "subscribe", "unsubscribe", "sync", "subscribe", "unsubscribe"]);
    for (const last of /** @type {const} */ (["subscribe", "unsubscribe"])) {
      const answers = await Promise.all([...calls, last].map((method) => visit.call(method)));
      assert.deepEqual(answers.map(({ code }) => code).filter(Boolean), []);
      const { subscribed, id = "", endpoint = "" } = await visit.status();
      const present = await visit.page.evaluate(async () => (await (await navigator.serviceWorker.ready).pushManager.getSubscription())?.endpoint ?? "");
      assert.deepEqual([subscribed, present], [last === "subscribe", endpoint]);
      assert.equal((await world.subscriptions()).includes(id), subscribed);
    }
    await visit.end();
  });
}
