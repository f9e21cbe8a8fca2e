import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function debug(theWorld, browser) {
  /** @param {Visit} visit @returns {Promise<{report: any, text: string}>} */
  const reported = (visit) =>
    visit.page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      const report = await pushkit.debug();
      return { report: JSON.parse(JSON.stringify(report)), text: String(report) };
    }, visit.server);

  test("debug() tells what is subscribed and what the last push did, and gives no endpoint or key away", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { endpoint, id } = await visit.status();
    const { title, sent } = await visit.notify();
    await until(async () => (await reported(visit)).report.lastPush, "last push");
    await visit.told(sent.id);
    // A change by the page keeps what the worker wrote.
    await visit.page.evaluate(async (server) => (await import(`${server}/pushkit.js`)).pushkit.channels.set(["news"]), visit.server);
    const { report, text } = await reported(visit);
    assert.deepEqual(report.problems, [], text);
    const { subscribed, channels } = report.status;
    assert.deepEqual([report.status.id, subscribed, channels], [id, true, ["news"]]);
    assert.deepEqual([report.lastPush.title, report.lastPush.outcome], [title, "shown"]);
    assert.deepEqual([report.server.subscription, report.subscription.pushService], ["known", new URL(endpoint).host]);
    assert.equal(report.shown, 1);
    assert.deepEqual(report.workers.map((/** @type {any} */ { pushkit }) => pushkit), [true]);
    const { push, webAssembly, backgroundSync } = report.can;
    assert.deepEqual([push, webAssembly, backgroundSync], [true, true, browser === "chromium"]);
    const { keys, ...told } = await visit.subscription();
    const key = await visit.page.evaluate(async (server) => (await (await fetch(`${server}/v1/config`)).json()).applicationServerKey, visit.server);
    for (const secret of [told.endpoint, new URL(endpoint).pathname, keys?.p256dh, keys?.auth, key]) {
      assert.ok(secret && !text.includes(secret) && !JSON.stringify(report).includes(secret), text);
    }
    await visit.call("forget");
    const after = (await reported(visit)).report;
    assert.deepEqual([after.record, after.lastPush, after.subscription], [null, null, null]);
    await visit.end();
  });
}
