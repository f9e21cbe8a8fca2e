import assert from "node:assert/strict";
import { test } from "node:test";
import { Visit } from "../visit.mjs";
import { World } from "../world.mjs";

/** In seconds. */
const day = 86_400;

/**
 * @param {() => World} theWorld
 * @param {"firefox" | "chromium"} browser
 */
export function clock(theWorld, browser) {
  test("a server whose clock is a day ahead has its message refused, and loses no subscription by it", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    const subscription = await world.emulator.subscription(endpoint);
    await world.emulator.fail({ kind: "clock", ahead: day, subscription: subscription.id });
    const title = `From tomorrow ${id}`;
    const { counts } = await world.server.send({ notification: { title }, audience: { subscriptions: [id] } });
    assert.deepEqual({ failed: counts.failed, gone: counts.gone, accepted: counts.accepted }, { failed: 1, gone: 0, accepted: 0 });
    await world.emulator.push((push) => push.subscription === subscription.id && push.rule === "vapid-exp-too-far");
    assert.ok((await world.subscriptions()).includes(id));
    await visit.notify();
    assert.ok(!world.desktop.history.some(({ summary }) => summary === title));
    assert.equal((await visit.status()).endpoint, endpoint);
    await visit.end();
  });

  test("a browser whose clock is a day ahead subscribes, and shows and counts a message", async () => {
    const world = await World.start(browser, { ahead: day });
    try {
      const visit = await Visit.subscribed(world);
      const ahead = (await visit.page.evaluate(() => Date.now())) - Date.now();
      assert.ok(Math.abs(ahead - day * 1000) < 60_000, `the browser's clock is ${ahead} ms ahead`);
      const { sent, shown } = await visit.notify({}, { ttl: 60 });
      await world.desktop.click(shown);
      await world.counted(sent.id, { accepted: 1, displayed: 1, clicked: 1, closed: 0 });
      await visit.end();
      // What the browser remembers is of its own time, and holds in it.
      const again = await Visit.start(world, visit.origin);
      await again.says("This browser is subscribed.");
      await again.notify();
      await again.end();
    } finally {
      await world.stop();
    }
  });
}
