import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import webpush from "web-push";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/** What the old product calls its service worker, which is the site's still. */
const worker = "/old-product-sw.js";

/** @param {() => import("../world.mjs").World} theWorld */
export function moving(theWorld) {
  test("a subscriber of another product, imported with its key, is shown a message, and stays when the page comes to be ours", async (t) => {
    const world = theWorld();
    const origin = world.newOrigin();
    const oldKey = webpush.generateVAPIDKeys();

    // The site before: no pushkit in page or worker.
    world.site.files.set("/old-product.html", { body: `<!doctype html><title>old</title><p id="status">Old.</p>` });
    world.site.files.set(worker, {
      body: `addEventListener("push", (event) => event.waitUntil(registration.showNotification(event.data.json().title)));`,
    });
    await world.browser.setPermission(origin, "granted");
    const before = await Visit.start(world, origin, "/old-product.html");
    const old = await before.page.evaluate(
      async (worker, applicationServerKey) => {
        await navigator.serviceWorker.register(worker);
        const { active, pushManager } = await navigator.serviceWorker.ready;
        Object.assign(window, { found: active });
        return (await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey })).toJSON();
      },
      worker,
      oldKey.publicKey,
    );
    await world.emulator.deliver(old, JSON.stringify({ title: `Old ${origin}` }));
    await world.desktop.notification(({ summary }) => summary === `Old ${origin}`);

    // The move, on a server that knows nobody.
    const server = await world.serve();
    t.after(() => server.stop());
    await writeFile(join(server.folder, "vapid.json"), JSON.stringify(oldKey));
    await writeFile(join(server.folder, "subscriptions.json"), JSON.stringify([old], null, 2));
    assert.equal(await server.command("vapid", "import", "vapid.json"), `${oldKey.publicKey}\n`);
    assert.equal(await server.command("subscriptions", "import", "--from", "web-push", "subscriptions.json"), "1 added, 0 refreshed, 0 unchanged, 0 bad\n");

    // The site puts our line into its worker's file, and the browser gets it at the next visit.
    world.site.files.set(worker, { body: `importScripts("${server.url}/pushkit-sw.js");` });
    await before.page.evaluate(async () => (await navigator.serviceWorker.ready).update());
    const updated = () =>
      before.page.evaluate(async () => {
        const { active, waiting, installing } = await navigator.serviceWorker.ready;
        return active?.state === "activated" && active !== /** @type {any} */ (window).found && !waiting && !installing;
      });
    await until(updated, "our worker in the old one's place");
    await before.end();

    // No page of the site is open.
    const title = `Moved ${origin}`;
    const sent = await server.send({ notification: { title, navigate: origin }, audience: { all: true } });
    assert.deepEqual([sent.counts.targeted, sent.counts.accepted], [1, 1]);
    await world.desktop.notification(({ summary }) => summary === title);

    // Later the page is ours as well: it takes over the subscription as it is.
    const [{ id }] = (await server.api("GET", "/v1/subscriptions")).body.data;
    const after = await Visit.blank(world, origin, { server: server.url, serviceWorker: worker });
    const { status } = await after.call("subscribe");
    assert.deepEqual([status?.subscribed, status?.id, status?.endpoint], [true, id, old.endpoint]);
    assert.equal((await server.api("GET", "/v1/subscriptions")).body.data.length, 1);
    await after.end();
  });
}
