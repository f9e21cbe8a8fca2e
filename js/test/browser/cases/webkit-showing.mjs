import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";

/**
 * How the worker shows, replaces and reports in Safari's engine. The subscription and the push events are made; the
 * notifications, and what a person does to them on the desktop, are real.
 *
 * @param {() => import("./webkit-world.mjs").WebKitWorld} theWorld
 */
export function showing(theWorld) {
  test("subscribe() in a click ends in a subscription that the server has, and a later page knows it", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    const { id, ...status } = await visit.status();
    assert.deepEqual(
      { reason: status.reason, permission: status.permission, subscribed: status.subscribed },
      { reason: null, permission: "granted", subscribed: true },
    );
    await visit.page.reload();
    await visit.says("This browser is subscribed.");
    assert.equal((await visit.status()).id, id);
    assert.equal(await visit.loadedWebAssembly(), false);
    await visit.page.click("#unsubscribe");
    await visit.says("This browser is not subscribed.");
    const sent = await world.server.send({ notification: { title: "t" }, audience: { subscriptions: [id] } });
    assert.equal(sent.counts.targeted, 0);
    await visit.end();
  });

  test("a message is shown by browser and desktop, told to the page and counted", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    const { sent, title, shown } = await visit.notify({ body: "2:1", tag: "match-42", data: { score: [2, 1] } });
    assert.equal(shown.body, "2:1");
    const [listed, ...more] = await visit.notifications();
    assert.deepEqual(more, []);
    assert.deepEqual({ title: listed?.title, body: listed?.body, tag: listed?.tag }, { title, body: "2:1", tag: "match-42" });
    assert.deepEqual(listed?.data.data, { score: [2, 1] });
    await until(async () => (await visit.page.text("#log")).includes(`Message shown: ${title}`), "message in the page's log");
    await world.counted(sent.id, { targeted: 1, accepted: 1, displayed: 1, clicked: 0, closed: 0 });
    await visit.end();
  });

  test("where tag has no effect, the older notification is closed", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    // What the worker is up against: two under one tag.
    const both = await visit.page.evaluate(async () => {
      const registration = await navigator.serviceWorker.ready;
      for (const title of ["one", "two"]) await registration.showNotification(title, { tag: "plain" });
      const shown = await registration.getNotifications({ tag: "plain" });
      for (const notification of shown) notification.close();
      return shown.length;
    });
    assert.equal(both, 2);
    const first = await visit.notify({ tag: "score" });
    const second = await visit.notify({ tag: "score" });
    // WebKit closes by another process, and the desktop hears of it from there.
    await world.desktop.closed(first.shown);
    const titles = async () => (await visit.notifications()).filter(({ tag }) => tag === "score").map(({ title }) => title);
    await until(async () => (await titles()).length === 1, "one of them in the browser's list");
    assert.deepEqual(await titles(), [second.title]);
    assert.equal(second.shown.closed, undefined);
    await visit.end();
  });

  test("a message that arrives twice is one notification, counted once", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    const { sent, title, payload } = await visit.notify({ tag: "twice", renotify: true });
    await visit.push(payload);
    await until(() => world.desktop.history.filter(({ summary }) => summary === title).length === 2, "second showing");
    await until(async () => (await visit.notifications()).length === 1, "one of them in the browser's list");
    await world.counted(sent.id, { displayed: 1 });
    await visit.end();
  });

  test("a push that nobody can read shows the site's name", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    const { host } = new URL(visit.origin);
    for (const payload of ["", "text", "null", "[]", '{"notification":{"title":[],"actions":5,"dir":{},"icon":"http://["}}']) {
      const before = world.desktop.history.length;
      await visit.push(payload);
      await until(() => world.desktop.history.length > before, `notification for ${payload}`);
      assert.equal(world.desktop.history.at(-1)?.summary, host, payload);
    }
    await visit.end();
  });

  test("what WebKit has no word for does not cost the notification", async () => {
    const visit = await theWorld().subscribed();
    const icon = `${visit.origin}/icon.png`;
    const { shown } = await visit.notify(
      {
        actions: [{ action: "watch", title: "Watch", navigate: `${visit.origin}/watch` }],
        icon, image: icon, badge: icon, requireInteraction: true, silent: true, lang: "ar", dir: "rtl",
      },
      { appBadge: 3 },
    );
    assert.equal(shown.closed, undefined);
    await visit.end();
  });

  test("a click goes to the page that listens for it, and is counted as a click and not as a close", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    const { sent, title, shown } = await visit.notify();
    await world.desktop.click(shown);
    await until(async () => (await visit.page.text("#log")).includes(`Notification clicked: ${title}`), "click in the page's log");
    assert.equal(await visit.page.evaluate(() => location.search), "?from=notification");
    await world.counted(sent.id, { displayed: 1, clicked: 1, closed: 0 });
    await until(async () => (await visit.notifications()).length === 0, "end of the notification");
    await visit.end();
  });

  test("a notification that is dismissed is counted as closed, not as clicked", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    const { sent, shown } = await visit.notify();
    await world.desktop.dismiss(shown);
    await world.counted(sent.id, { displayed: 1, clicked: 0, closed: 1 });
    await visit.end();
  });

  test("what happened to a notification while the server was away is told to it at the next visit", async () => {
    const world = theWorld();
    const visit = await world.subscribed();
    const { sent, shown } = await visit.notify();
    await world.counted(sent.id, { displayed: 1 });
    await world.server.stop();
    await world.desktop.dismiss(shown);
    await until(() => visit.keptEvents(), "kept event");
    await world.server.open();
    // A new visit's check wakes the worker.
    await visit.page.evaluate(() => sessionStorage.clear());
    await visit.page.reload();
    await world.counted(sent.id, { closed: 1 });
    // The worker forgets it once it has the server's answer.
    await until(async () => (await visit.keptEvents()) === 0, "end of what waits for the server");
    await visit.end();
  });
}
