import assert from "node:assert/strict";
import { test } from "node:test";
import { Visit } from "../visit.mjs";

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function permission(theWorld, browser) {
  test("a permission that is taken back ends what is shown, and given again it brings the same subscription back", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    const title = `Not for you ${id}`;
    const send = () => world.server.send({ notification: { title }, audience: { subscriptions: [id] } });

    await world.browser.setPermission(visit.origin, "denied");
    const { supported, reason, permission, subscribed } = await visit.status();
    assert.deepEqual(
      { supported, reason, permission, subscribed },
      { supported: true, reason: "permission-denied", permission: "denied", subscribed: false },
    );
    await visit.says("This browser is not subscribed.");
    assert.match(await visit.text("#advice"), /site settings/);
    if (browser === "chromium") {
      // It tells its push service only when the next push comes, which that has accepted by then.
      const { counts } = await send();
      assert.deepEqual([counts.accepted, counts.gone], [1, 0]);
    }
    await world.emulator.ended(endpoint);
    const { counts } = await send();
    assert.deepEqual([counts.accepted, counts.gone], [0, 1]);
    await visit.end();

    await world.browser.setPermission(visit.origin, "granted");
    const again = await Visit.start(world, visit.origin);
    await again.says("This browser is subscribed.");
    const status = await again.status();
    assert.equal(status.id, id);
    assert.notEqual(status.endpoint, endpoint);
    await again.notify();
    assert.ok(!world.desktop.history.some(({ summary }) => summary === title));
    await again.end();
  });
}
