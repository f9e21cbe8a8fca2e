import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/** A site's own worker, which imports ours, listens to everything itself and has handlers. */
const source = `
  const heard = [];
  const hear = (event) => heard.push(event.type);
  addEventListener("push", hear);
  importScripts("https://push.example.com/pushkit-sw.js");
  for (const type of ["notificationclick", "notificationclose"]) addEventListener(type, hear);
  addEventListener("fetch", (event) => {
    if (event.request.url.endsWith("/from-worker")) event.respondWith(new Response("the site's own worker"));
  });
  addEventListener("message", ({ data, ports }) => data === "heard?" && ports[0].postMessage(heard));
  pushkit.on("push", ({ notification }) => {
    switch (notification.body) {
      case "throw": throw new Error("a handler's own fault");
      case "never": return new Promise(() => {});
      case "uncloneable": return { notification: { body: "changed", data: () => {} } };
      case "invalid": return { notification: { renotify: true, tag: "", vibrate: [100], silent: true, dir: "up", icon: "http://[" } };
    }
    return { notification: { body: notification.body + " for " + notification.data.who } };
  });
  pushkit.on("click", async ({ action, notification }) => {
    heard.push("click " + notification.body + " " + action);
    return action === "like" ? false : "/blank.html?handler";
  });
  pushkit.on("close", ({ notification }) => heard.push("close " + notification.body));
`;

/** @param {() => import("../world.mjs").World} theWorld */
export function hooks(theWorld) {
  async function subscribed() {
    const world = theWorld();
    world.site.files.set("/hooks-sw.js", { body: source });
    const visit = await Visit.blank(world, world.newOrigin(), { serviceWorker: "/hooks-sw.js" });
    const { status, code } = await visit.call("subscribe");
    assert.equal(status?.subscribed, true, code);
    return { world, visit };
  }

  /**
   * What the site's worker heard itself.
   *
   * @param {Visit} visit
   * @returns {Promise<string[]>}
   */
  const heard = (visit) =>
    visit.page.evaluate(async () => {
      const { active } = await navigator.serviceWorker.ready;
      const { port1, port2 } = new MessageChannel();
      const answer = new Promise((resolve) => (port1.onmessage = ({ data }) => resolve(data)));
      active?.postMessage("heard?", [port2]);
      return answer;
    });

  test("a site's handlers change what is shown and where a click leads, and its own listeners miss nothing", async () => {
    const { world, visit } = await subscribed();
    const first = await visit.notify({ body: "Tea", data: { who: "Ada" } });
    assert.match(first.shown.body, /(^|\n)Tea for Ada$/);
    await world.desktop.dismiss(first.shown);
    await until(async () => (await heard(visit)).includes("close Tea for Ada"), "close in the handler");
    const second = await visit.notify({ body: "Cake", data: { who: "Bea" } });
    await world.desktop.click(second.shown);
    const opened = () => world.browser.pages().then((pages) => pages.find((page) => page.url() === `${visit.origin}/blank.html?handler`));
    await (await until(opened, "page that the handler named")).close();
    await world.counted(first.sent.id, { displayed: 1, clicked: 0, closed: 1 });
    await world.counted(second.sent.id, { displayed: 1, clicked: 1, closed: 0 });
    const all = await heard(visit);
    assert.ok(all.includes("click Cake for Bea "), String(all));
    assert.ok(!all.includes("close Cake for Bea"), String(all));
    for (const type of ["push", "notificationclick", "notificationclose"]) assert.ok(all.includes(type), `${type}: ${all}`);
    await visit.page.reload();
    assert.equal(await visit.page.evaluate(async () => (await fetch("/from-worker")).text()), "the site's own worker");
    await visit.end();
  });

  test("a click that a site's handler has done itself opens nothing, and is counted", async () => {
    const { world, visit } = await subscribed();
    const before = (await world.browser.pages()).length;
    const { sent, shown } = await visit.notify({ body: "b", data: { who: "Ada" }, actions: [{ action: "like", title: "Like" }] });
    await world.desktop.click(shown, "Like");
    await world.counted(sent.id, { displayed: 1, clicked: 1, closed: 0 });
    assert.ok((await heard(visit)).includes("click b for Ada like"));
    assert.equal((await world.browser.pages()).length, before);
    await visit.end();
  });

  test("no handler costs a notification: not one that throws, never ends, or returns what no browser shows", async () => {
    const { world, visit } = await subscribed();
    const messages = [];
    for (const body of ["throw", "never", "uncloneable", "invalid"]) {
      const { sent, shown } = await visit.notify({ body, requireInteraction: true });
      assert.match(shown.body, new RegExp(`(^|\n)${body}$`));
      messages.push(sent.id);
    }
    // What there was no time left to tell after a handler that never ended, is told with the next.
    for (const message of messages) await world.counted(message, { displayed: 1 });
    await visit.end();
  });
}
