import assert from "node:assert/strict";
import { test } from "node:test";
import { strictPolicy } from "../../elements/gallery.mjs";
import { Stage } from "../../elements/stage.mjs";
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

  test("loader, WebAssembly, worker, elements and debug() run under a strict policy with Trusted Types", async () => {
    const world = theWorld();
    world.site.files.set("/strict.js", {
      body: `import { pushkit } from "https://push.example.com/pushkit.js";
        import "https://push.example.com/pushkit-elements.js";
        window.violations = [];
        addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) => violations.push(violatedDirective + " " + sample));
        window.element = document.querySelector("pushkit-button");
        window.pushkit = pushkit;
        pushkit.init({ server: "https://push.example.com" });`,
      type: "text/javascript",
    });
    world.site.files.set("/strict.html", {
      body: `<!doctype html><html lang="en"><title>strict</title><script type="module" src="/strict.js"></script><p id="status">Strict.</p><pushkit-button></pushkit-button>`,
      headers: { "Content-Security-Policy": `${strictPolicy(world.server.url)}; trusted-types pushkit` },
    });
    const origin = world.newOrigin();
    world.webkit.setPermission(origin, "granted");
    const page = await world.webkit.newPage(`${origin}/strict.html`);
    const stage = new Stage(/** @type {any} */ (page));
    await stage.shows("default");
    await stage.click("button");
    // The push service is what is not there: all before it has run.
    await stage.shows("error");
    assert.equal(await page.evaluate(async () => (await navigator.serviceWorker.ready).active?.scriptURL), `${origin}/pushkit-sw.js`);
    const { can, workers } = await page.evaluate(async () => JSON.parse(JSON.stringify(await /** @type {any} */ (window).pushkit.debug())));
    assert.equal(can.webAssembly, true);
    assert.deepEqual(workers.map((/** @type {any} */ { pushkit }) => pushkit), [true]);
    await stage.forbiddenNothing();
    await page.close();
  });
}
