import assert from "node:assert/strict";
import { test } from "node:test";
import { Gate } from "../../harness/gate.mjs";
import { until, within } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/** How many times as fast as others the clock of a page runs that waits for a limit. */
const haste = 10;

/** @param {() => import("../world.mjs").World} theWorld */
export function interrupted(theWorld) {
  test("subscribe() ends, though the browser's own never settles where no push service can be reached", async () => {
    const world = theWorld();
    const origin = world.newOrigin();
    const visit = await Visit.blank(world, origin);
    const shown = world.desktop.history.length;
    await world.leaveSubscribeUnsettled(true);
    await world.emulator.goOffline();
    try {
      // The page's clock is hurried while the browser's subscribe() is under way, so that the limit is reached in a tenth of it.
      await visit.page.evaluate((haste) => {
        const { subscribe } = PushManager.prototype;
        PushManager.prototype.subscribe = function (options) {
          const now = performance.now.bind(performance);
          const wait = setTimeout;
          const start = now();
          performance.now = () => start + (now() - start) * haste;
          const hurried = (/** @type {TimerHandler} */ work, ms = 0) => wait(work, ms / haste);
          Object.assign(window, { setTimeout: hurried, start, settled: false });
          const subscribing = subscribe.call(this, options);
          subscribing.catch(() => {}).finally(() => Object.assign(window, { settled: true }));
          return subscribing;
        };
      }, haste);
      const { code } = await visit.call("subscribe");
      assert.equal(code, "push-service-unreachable");
      const { took, settled } = await visit.page.evaluate(() => {
        const { start, settled } = /** @type {any} */ (window);
        return { took: performance.now() - start, settled };
      });
      assert.equal(settled, false, "the browser's own has settled");
      assert.ok(took >= 20_000, `it took ${took} ms`);
      assert.equal((await visit.status()).subscribed, false);
    } finally {
      await world.leaveSubscribeUnsettled(false);
      await world.emulator.goOnline();
    }
    await visit.page.close();
    // The wish was kept.
    const again = await Visit.blank(world, origin);
    await until(async () => (await again.status()).subscribed, "subscription");
    const { title } = await again.notify();
    assert.deepEqual(world.desktop.history.slice(shown).map(({ summary }) => summary), [title]);
    await again.end();
  });

  for (const { name, request, what } of /** @type {const} */ ([
    { name: "before the server's key has come", request: "GET /v1/config", what: "answer" },
    { name: "before the server has heard of the subscription", request: "POST /v1/subscriptions", what: "request" },
    { name: "before the server's answer has come", request: "POST /v1/subscriptions", what: "answer" },
  ])) {
    test(`a page that is closed in the middle of subscribe(), ${name}, is finished by the next visit`, async () => {
      const world = theWorld();
      const gate = await Gate.start(world.server.url);
      try {
        const before = await world.subscriptions();
        const visit = await Visit.blank(world, world.newOrigin(), { server: gate.url });
        const held = gate.hold(request, what);
        // Its answer goes with the page.
        visit.call("subscribe").catch(() => {});
        await within(held, `${request} at the server`);
        await visit.end();
        gate.open();
        const again = await Visit.blank(world, visit.origin, { server: gate.url });
        await until(async () => (await again.status()).subscribed, "subscription");
        const { id } = await again.status();
        const after = await world.subscriptions();
        assert.deepEqual(after.filter((/** @type {string} */ id) => !before.includes(id)), [id]);
        const { title, sent } = await again.notify();
        await world.counted(sent.id, { targeted: 1, accepted: 1, displayed: 1 });
        assert.equal(world.desktop.history.filter(({ summary }) => summary === title).length, 1);
        await again.end();
      } finally {
        await gate.stop();
      }
    });
  }
}
