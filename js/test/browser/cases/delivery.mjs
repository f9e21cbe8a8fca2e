import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { call } from "../../harness/server.mjs";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function delivery(theWorld, browser) {
  test("a message arrives with its TTL, urgency and topic, and is shown by browser and desktop", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { endpoint } = await visit.status();
    const { sent, title, shown } = await visit.notify(
      { body: "2:1", tag: "match-42", data: { score: [2, 1] } },
      { ttl: 300, urgency: "high", topic: "match 42" },
    );
    // Chromium puts the site's host before the text.
    assert.match(shown.body, /^(\S+\n\n)?2:1$/);
    const subscription = await world.emulator.subscription(endpoint);
    const push = await world.emulator.push((p) => p.subscription === subscription.id && p.state === "acked");
    assert.ok(push.ttl > 290 && push.ttl <= 300, `TTL ${push.ttl}`);
    assert.equal(push.urgency, "high");
    assert.equal(push.topic, createHash("sha256").update("match 42").digest("base64url").slice(0, 32));
    // Firefox tells how its worker took it; Chromium only that it has the message.
    if (browser === "firefox") assert.equal(push.code, 100);
    const [listed, ...more] = await visit.notifications();
    assert.deepEqual(more, []);
    assert.deepEqual({ title: listed?.title, body: listed?.body, tag: listed?.tag }, { title, body: "2:1", tag: "match-42" });
    assert.deepEqual(listed?.data.data, { score: [2, 1] });
    await world.counted(sent.id, { targeted: 1, accepted: 1, pending: 0, displayed: 1, clicked: 0, closed: 0 });
    await visit.end();
  });

  test("the page is told of a message that arrives while it is open", async () => {
    const visit = await Visit.subscribed(theWorld());
    const { title } = await visit.notify();
    await until(async () => (await visit.text("#log")).includes(`Message shown: ${title}`), "message in the page's log");
    await visit.end();
  });

  test("the same tag replaces what is shown, and the one that was replaced is not counted as closed", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const first = await visit.notify({ tag: "score" });
    const second = await visit.notify({ tag: "score" });
    assert.equal((await visit.notifications()).length, 1);
    await world.counted(second.sent.id, { displayed: 1 });
    await world.counted(first.sent.id, { displayed: 1, closed: 0 });
    await visit.end();
  });

  test("of two messages with one topic, sent while the browser is away, the newest is shown", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    await world.emulator.goOffline();
    const titles = ["older", "newer"].map((name) => `${name} ${id}`);
    try {
      for (const title of titles) {
        await world.server.send({ notification: { title }, audience: { subscriptions: [id] }, topic: "news", ttl: 600 });
      }
      assert.equal((await world.emulator.subscription(endpoint)).waiting, 1);
    } finally {
      await world.emulator.goOnline();
    }
    await world.desktop.notification(({ summary }) => summary === titles[1]);
    assert.ok(!world.desktop.history.some(({ summary }) => summary === titles[0]));
    await visit.end();
  });

  test("a page that the browser opens as it starts knows its subscription", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    await visit.end();
    await world.browser.close();
    // Firefox's push service starts after its windows, and leaves for ever what it was asked before.
    await world.browser.open(`${visit.origin}/`);
    const page = await until(async () => (await world.browser.pages()).find((page) => page.url() === `${visit.origin}/`), "page");
    const again = new Visit(world, page, visit.origin);
    await again.says("This browser is subscribed.");
    await page.close();
  });

  test("a message waits at the push service for a browser that was closed, and is shown with no page open", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id } = await visit.status();
    await visit.end();
    await world.browser.close();
    const title = `While you were away ${id}`;
    const sent = await world.server.send({ notification: { title }, audience: { subscriptions: [id] } });
    await world.browser.open();
    await world.desktop.notification(({ summary }) => summary === title, 60_000);
    await world.counted(sent.id, { displayed: 1 });
  });

  test("what the server has accepted is delivered after kill -9, once", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id } = await visit.status();
    const title = `After the crash ${id}`;
    await world.emulator.fail({ status: 503, retryAfter: 2, count: 1 });
    const posted = await world.server.api("POST", "/v1/messages", { notification: { title }, audience: { subscriptions: [id] } });
    assert.equal(posted.status, 202);
    await world.emulator.push((push) => push.status === 503);
    await world.server.kill();
    await world.server.open();
    await world.desktop.notification(({ summary }) => summary === title);
    await world.counted(posted.body.id, { targeted: 1, accepted: 1, pending: 0, displayed: 1 });
    assert.equal(world.desktop.history.filter(({ summary }) => summary === title).length, 1);
    // The subscription has outlived the crash as well.
    await visit.notify();
    await visit.end();
  });

  test("a delivery that was in flight at kill -9 is repeated, and seen and counted once", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    const { id: subscription } = await world.emulator.subscription(endpoint);
    const title = `In flight ${id}`;
    // The browser has the push at once, the server would have the answer late.
    await world.emulator.fail({ kind: "delay", delay: 60_000, subscription });
    const posted = await world.server.api("POST", "/v1/messages", { notification: { title }, audience: { subscriptions: [id] } });
    const shown = () => world.desktop.history.filter(({ summary }) => summary === title);
    await until(() => shown().length === 1, "first showing");
    await world.server.kill();
    await world.server.open();
    await until(() => shown().length === 2, "second showing");
    await until(() => shown().filter(({ closed }) => closed === undefined).length === 1, "one of them on the desktop");
    // What the worker has to say of the first, it has said before it says this of the next.
    const next = await visit.notify();
    await world.counted(next.sent.id, { displayed: 1 });
    assert.deepEqual((await visit.notifications()).map(({ title }) => title).sort(), [title, next.title].sort());
    await world.counted(posted.body.id, { targeted: 1, accepted: 1, displayed: 1, closed: 0 });
    await visit.end();
  });

  test("an event is counted once however often it is told", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { sent, shown } = await visit.notify();
    await world.counted(sent.id, { displayed: 1 });
    const [listed] = await visit.notifications();
    const event = { token: listed?.data.pushkit.token, type: "displayed", at: Date.now() };
    assert.equal((await call("POST", `${world.server.url}/v1/events`, [event, event])).status, 202);
    await world.desktop.dismiss(shown);
    await world.counted(sent.id, { displayed: 1, closed: 1, clicked: 0 });
    await visit.end();
  });
}
