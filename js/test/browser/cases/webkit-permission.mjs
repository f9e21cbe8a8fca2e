import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";

/** Who is asked, and when, where the push interfaces are there. @param {() => import("./webkit-world.mjs").WebKitWorld} theWorld */
export function permission(theWorld) {
  test("a click on Subscribe asks within the gesture, though the WebAssembly has not arrived; a no is final", async () => {
    const visit = await theWorld().visit("/", "denied");
    await visit.says("This browser is not subscribed.");
    assert.equal(await visit.loadedWebAssembly(), false);
    await visit.page.click("#subscribe");
    await until(async () => (await visit.status()).reason === "permission-denied", "reason permission-denied");
    assert.equal(await visit.call("subscribe"), "permission-denied");
    await visit.end();
  });

  test("subscribe() without a click is no-user-gesture, and no prompt opens", async () => {
    const visit = await theWorld().visit("/", "granted");
    await visit.says("This browser is not subscribed.");
    assert.equal(await visit.call("subscribe"), "no-user-gesture");
    assert.equal(await visit.page.evaluate(() => Notification.permission), "default");
    await visit.end();
  });

  test("a subscription that the browser refuses is told with the browser's reason", async () => {
    const visit = await theWorld().visit("/", "granted");
    await visit.says("This browser is not subscribed.");
    await visit.page.click("#subscribe");
    // WebKitGTK takes no key, since it has no push service to take it to.
    await until(async () => /InvalidAccessError/.test(await visit.page.text("#advice")), "reason on the page");
    const { permission, supported, subscribed } = await visit.status();
    assert.deepEqual({ permission, supported, subscribed }, { permission: "granted", supported: true, subscribed: false });
    await visit.end();
  });

  test("a worker of the site's own is not replaced: the page is told the line to add to it", async () => {
    const world = theWorld();
    world.site.files.set("/own-sw.js", { body: "addEventListener('message', () => {});" });
    const visit = await world.visit("/bare.html");
    const { reason, advice } = await visit.page.evaluate(async (server) => {
      await navigator.serviceWorker.register("/own-sw.js");
      await navigator.serviceWorker.ready;
      const { pushkit } = await import(`${server}/pushkit.js`);
      pushkit.init({ server });
      return pushkit.status();
    }, world.server.url);
    assert.equal(reason, "foreign-service-worker");
    assert.ok(advice.includes(`importScripts("${world.server.url}/pushkit-sw.js")`), advice);
    await visit.end();
  });
}
