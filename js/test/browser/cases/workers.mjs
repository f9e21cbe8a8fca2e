import assert from "node:assert/strict";
import { test } from "node:test";

/** @param {() => import("../world.mjs").World} theWorld */
export function workers(theWorld) {
  /**
   * Opens a page of a site that has a service worker already, and subscribes.
   *
   * @param {string} worker its source
   */
  async function subscribe(worker) {
    const world = theWorld();
    world.site.files.set("/own-sw.js", { body: worker });
    world.site.files.set("/own-sw.html", { body: "<!doctype html><title>own worker</title>" });
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const page = await world.browser.newPage(`${origin}/own-sw.html`);
    const said = await page.evaluate(async (server) => {
      await navigator.serviceWorker.register("/own-sw.js");
      const { active } = await navigator.serviceWorker.ready;
      const { pushkit } = await import(`${server}/pushkit.js`);
      pushkit.init({ server });
      const { supported, reason, advice } = await pushkit.status();
      const { code = null, subscribed = null } = await pushkit.subscribe().catch((/** @type {unknown} */ error) => error);
      const registration = await navigator.serviceWorker.getRegistration();
      const kept = registration?.active === active && !registration?.waiting && !registration?.installing;
      return { supported, reason, advice, code, subscribed, kept };
    }, world.server.url);
    await page.close();
    return said;
  }

  test("a worker of the site's own is not replaced: the page is told the line to add to it", async () => {
    const { advice, ...said } = await subscribe("addEventListener('message', () => {});");
    assert.deepEqual(said, {
      supported: false, reason: "foreign-service-worker", code: "foreign-service-worker", subscribed: null, kept: true,
    });
    assert.ok(advice.includes(`importScripts("${theWorld().server.url}/pushkit-sw.js")`), advice);
  });

  test("a worker of the site's own that has the line is used, and kept", async () => {
    const said = await subscribe(`importScripts("https://push.example.com/pushkit-sw.js");`);
    assert.deepEqual(said, { supported: true, reason: null, advice: "", code: null, subscribed: true, kept: true });
  });
}
