import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";
import { World } from "../world.mjs";

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function repair(theWorld, browser) {
  test("a subscription that the push service has ended is made anew at the next visit, under the same id", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    await world.emulator.endSubscription(endpoint);
    const lost = await world.server.send({ notification: { title: "lost" }, audience: { subscriptions: [id] } });
    assert.equal(lost.counts.gone, 1);
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    await until(async () => {
      const status = await again.status();
      return status.subscribed && status.endpoint !== endpoint;
    }, "new subscription");
    assert.equal((await again.status()).id, id);
    await again.notify();
    await again.end();
  });

  const saysNothing = browser === "chromium" && "it drops a subscription without pushsubscriptionchange";
  test("a subscription that the browser lost is renewed by the worker, with no page open", { skip: saysNothing }, async (t) => {
    // Of its own: the workers of all origins renew what the push service forgets.
    const world = await World.start("firefox");
    t.after(() => world.stop());
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    await visit.end();
    // As when the push service has lost its memory: Firefox gets another uaid and fires pushsubscriptionchange.
    await world.emulator.forgetBrowsers();
    await world.emulator.connected();
    const title = `Renewed ${id}`;
    await until(async () => {
      const sent = await world.server.send({ notification: { title }, audience: { subscriptions: [id] } });
      return sent.counts.accepted === 1;
    }, "renewed subscription");
    await world.desktop.notification(({ summary }) => summary === title);
    const again = await Visit.start(world, visit.origin);
    await again.says("This browser is subscribed.");
    assert.notEqual((await again.status()).endpoint, endpoint);
    await again.end();
  });

  test("a subscription that the server does not know any more is posted again at the next visit", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { endpoint } = await visit.status();
    const removed = await world.server.api("POST", "/v1/subscriptions/remove", { endpoint });
    assert.equal(removed.status, 204);
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    // The page knows the subscription by its old id until the server's answer has come.
    const status = await until(async () => {
      const status = await again.status();
      return (await world.subscriptions()).includes(status.id) && status;
    }, "subscription of the server and the page");
    assert.equal(status.endpoint, endpoint);
    await again.says("This browser is subscribed.");
    await again.notify();
    await again.end();
  });

  test("a subscribe() that the server did not hear is finished at the next visit", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    // Go is loaded by now, so that only the server is missing.
    assert.equal((await visit.call("unsubscribe")).status.subscribed, false);
    await world.server.stop();
    const { code, message } = await visit.call("subscribe");
    await world.server.open();
    assert.equal(code, "server-unreachable");
    assert.match(message ?? "", /cannot be reached/);
    assert.equal((await visit.status()).subscribed, false);
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    await again.says("This browser is subscribed.");
    await again.notify();
    await again.end();
  });

  test("what happened to a notification while the server was away is told to it at the next visit", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const [read, ignored] = [await visit.notify(), await visit.notify()];
    for (const { sent } of [read, ignored]) await world.counted(sent.id, { displayed: 1 });
    await visit.end();
    let page;
    await world.server.stop();
    try {
      await world.desktop.click(read.shown);
      await world.desktop.dismiss(ignored.shown);
      page = await until(async () => {
        return (await world.browser.pages()).find((page) => page.url() === `${visit.origin}/?from=notification`);
      }, "page that the click opened");
    } finally {
      await world.server.open();
    }
    await page.close();
    const again = await Visit.start(world, visit.origin);
    await world.counted(read.sent.id, { displayed: 1, clicked: 1, closed: 0 });
    await world.counted(ignored.sent.id, { displayed: 1, clicked: 0, closed: 1 });
    await again.end();
  });

  test("an unsubscribe() that the server did not hear reaches it at the next visit", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id } = await visit.status();
    await world.server.stop();
    const { status } = await visit.call("unsubscribe");
    await world.server.open();
    assert.equal(status.subscribed, false);
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    await until(async () => {
      return !(await world.subscriptions()).includes(id);
    }, "end of the subscription on the server");
    await again.says("This browser is not subscribed.");
    await again.end();
  });
}
