import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";
import { pushkit } from "../../harness/server.mjs";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/** An application server's key that is not our server's. */
const foreignKey = "BDjIYwaZnSpbyu-R9pcMX54GT7rUuL_MGMZtreqYrimda0ywPMy-8_C7ywdNoukd5SVBEnrCezSIIHtXyJ7EJ9c";

/** @param {() => import("../world.mjs").World} theWorld */
export function keys(theWorld) {
  for (const { name, tells } of [
    { name: "a subscription that the site has made with another key makes room for ours", tells: true },
    { name: "and so it does in a browser that tells the key by nothing but InvalidStateError", tells: false },
  ]) {
    test(name, async () => {
      const world = theWorld();
      const visit = await Visit.blank(world, world.newOrigin());
      const { endpoint, refusal } = await visit.page.evaluate(async (key, ours) => {
        await navigator.serviceWorker.register("/pushkit-sw.js");
        const { pushManager } = await navigator.serviceWorker.ready;
        const options = { userVisibleOnly: true, applicationServerKey: key };
        const { endpoint } = await pushManager.subscribe(options);
        const { name } = await pushManager.subscribe({ ...options, applicationServerKey: ours }).catch((error) => error);
        return { endpoint, refusal: name };
      }, foreignKey, (await world.server.api("GET", "/v1/config")).body.applicationServerKey);
      assert.equal(refusal, "InvalidStateError");
      if (!tells) {
        // As some versions of Safari do.
        await visit.page.evaluate(() => {
          Object.defineProperty(PushSubscriptionOptions.prototype, "applicationServerKey", { value: null });
        });
      }
      const { status } = await visit.call("subscribe");
      assert.equal(status.subscribed, true);
      assert.notEqual(status.endpoint, endpoint);
      await world.emulator.ended(endpoint);
      await visit.notify();
      await visit.end();
    });
  }

  test("a server that has another key than the subscription was made with gets a new one at the next visit", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { endpoint } = await visit.status();
    const key = async () => (await world.server.api("GET", "/v1/config")).body.applicationServerKey;
    const before = await key();
    await visit.end();
    await world.server.stop();
    await world.server.forget();
    await world.server.open();
    assert.notEqual(await key(), before);
    const again = await Visit.start(world, visit.origin);
    await until(async () => {
      const status = await again.status();
      return status.subscribed && status.endpoint !== endpoint;
    }, "new subscription");
    await world.emulator.ended(endpoint);
    await again.notify();
    await again.end();
  });

  test("a key that is rotated serves the browser until its next visit, which has a subscription with the new one", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { endpoint, id } = await visit.status();
    const rotated = execFileSync(pushkit, ["vapid", "rotate"], { cwd: world.server.folder, encoding: "utf8" }).trim();
    const { server } = world;
    await until(async () => (await server.api("GET", "/v1/config")).body.applicationServerKey === rotated, "new key");
    await visit.notify();
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    await until(async () => {
      const status = await again.status();
      return status.subscribed && status.endpoint !== endpoint;
    }, "new subscription");
    assert.equal((await again.status()).id, id);
    await world.emulator.ended(endpoint);
    await again.notify();
    await again.end();
  });
}
