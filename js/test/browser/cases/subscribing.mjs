import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function subscribing(theWorld, browser) {
  test("a click and the prompt's Allow, on another origin than the server's, end in a subscription that the server has", async () => {
    const world = theWorld();
    const visit = await Visit.start(world, world.newOrigin());
    assert.notEqual(visit.origin, new URL(world.server.url).origin);
    await visit.says("This browser is not subscribed.");
    await visit.press("#subscribe");
    await world.browser.prompt.allow();
    await visit.says("This browser is subscribed.");
    const { id, endpoint } = await visit.status();
    assert.ok((await world.subscriptions()).includes(id));
    assert.equal((await world.emulator.subscription(endpoint)).state, "active");
    await visit.notify();
    await visit.end();
  });

  test("Block in the prompt is permission-denied, and the page says how to allow again", async () => {
    const world = theWorld();
    const shown = world.desktop.history.length;
    const subscriptions = (await world.emulator.subscriptions()).length;
    const visit = await Visit.start(world, world.newOrigin());
    await visit.press("#subscribe");
    await world.browser.prompt.deny();
    await until(async () => (await visit.text("#log")).includes("permission-denied"), "permission-denied in the page's log");
    const { supported, reason, permission, subscribed } = await visit.status();
    assert.deepEqual({ supported, reason, permission, subscribed }, { supported: true, reason: "permission-denied", permission: "denied", subscribed: false });
    assert.match(await visit.text("#advice"), /site settings/);
    assert.equal((await world.emulator.subscriptions()).length, subscriptions);
    assert.equal(world.desktop.history.length, shown);
    await visit.end();
  });

  test("a prompt that goes without an answer is permission-dismissed, and the person can be asked again", async () => {
    const world = theWorld();
    const visit = await Visit.start(world, world.newOrigin());
    await visit.press("#subscribe");
    await world.browser.prompt.dismiss();
    await until(async () => (await visit.text("#log")).includes("permission-dismissed"), "permission-dismissed in the page's log");
    await visit.press("#subscribe");
    await world.browser.prompt.allow();
    await visit.says("This browser is subscribed.");
    await visit.end();
  });

  const asksAnyway = browser === "chromium" && "it asks without a click as well";
  test("subscribe() without a click is no-user-gesture, and no prompt opens", { skip: asksAnyway }, async () => {
    const world = theWorld();
    const visit = await Visit.start(world, world.newOrigin());
    const code = await world.browser.evaluateWithoutGesture(
      visit.page,
      `import("${world.server.url}/pushkit.js").then(({ pushkit }) => pushkit.subscribe()).catch(({ code }) => code)`,
    );
    assert.equal(code, "no-user-gesture");
    assert.equal(await world.browser.prompt.isOpen(), false);
    await visit.end();
  });

  test("subscribe() twice at once and once more is one subscription", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    const before = (await world.emulator.subscriptions()).length;
    const [first, second] = await Promise.all([visit.call("subscribe"), visit.call("subscribe")]);
    assert.deepEqual([first.status.id, second.status.id], [id, id]);
    assert.deepEqual([first.status.endpoint, second.status.endpoint], [endpoint, endpoint]);
    assert.equal((await world.emulator.subscriptions()).length, before);
    await visit.end();
  });

  test("subscribe() in two tabs at once is one subscription", async () => {
    const world = theWorld();
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const visits = [await Visit.start(world, origin), await Visit.start(world, origin)];
    const before = (await world.emulator.subscriptions()).length;
    const answers = await Promise.all(visits.map((visit) => visit.call("subscribe")));
    const [first, second] = answers.map(({ status }) => status);
    assert.ok(first.subscribed && second.subscribed);
    assert.deepEqual([second.id, second.endpoint], [first.id, first.endpoint]);
    assert.equal((await world.emulator.subscriptions()).length, before + 1);
    for (const visit of visits) await visit.says("This browser is subscribed.");
    const { title, sent } = await /** @type {Visit} */ (visits[0]).notify();
    await world.counted(sent.id, { targeted: 1, accepted: 1, displayed: 1 });
    assert.equal(world.desktop.history.filter(({ summary }) => summary === title).length, 1);
    for (const visit of visits) await visit.end();
  });

  test("a page that has an fs, a process or a Go of its own can subscribe, and keeps them", async () => {
    const world = theWorld();
    world.site.files.set("/own.html", {
      body: `<!doctype html><title>own</title><script>var fs = 1, process = { env: {} }; window.Go = 2;</script>`,
    });
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const page = await world.browser.newPage(`${origin}/own.html`);
    const after = await page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      pushkit.init({ server });
      const { subscribed } = await pushkit.subscribe();
      const { fs, process, path, Go } = /** @type {any} */ (window);
      return { subscribed, fs, process, Go, path: typeof path };
    }, world.server.url);
    assert.deepEqual(after, { subscribed: true, fs: 1, process: { env: {} }, Go: 2, path: "undefined" });
    await page.close();
  });

  test("unsubscribe ends the subscription in the browser, on the server and at the push service", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    await visit.press("#unsubscribe");
    await visit.says("This browser is not subscribed.");
    assert.ok(!(await world.subscriptions()).includes(id));
    assert.equal(await visit.page.evaluate(async () => (await navigator.serviceWorker.ready).pushManager.getSubscription()), null);
    await world.emulator.ended(endpoint);
    // And back again.
    await visit.press("#subscribe");
    await visit.says("This browser is subscribed.");
    await visit.end();
  });

  test("a visitor who never subscribed, and one with nothing to sync, download no WebAssembly", async () => {
    const world = theWorld();
    const stranger = await Visit.start(world, world.newOrigin());
    // What init() sees, status() sees after it.
    await stranger.status();
    assert.equal(await stranger.loadedWebAssembly(), false);
    await stranger.end();

    const first = await Visit.subscribed(world);
    assert.equal(await first.loadedWebAssembly(), true);
    await first.end();
    const again = await Visit.start(world, first.origin);
    await until(() => again.page.evaluate(() => Object.keys(sessionStorage).some((key) => key.startsWith("pushkit:"))), "answer to the check");
    await again.says("This browser is subscribed.");
    assert.equal(await again.loadedWebAssembly(), false);
    await again.end();
  });
}
