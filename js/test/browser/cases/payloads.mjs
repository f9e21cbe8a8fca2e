import assert from "node:assert/strict";
import { createECDH, randomBytes } from "node:crypto";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

const wrongTypes = {
  web_push: 8030,
  app_badge: {},
  notification: {
    title: 7, body: ["text"], icon: 1, image: {}, badge: true, tag: {}, lang: 3, dir: "up", navigate: 5, data: "ours",
    actions: [{ action: 1 }, "watch", null], requireInteraction: "yes", renotify: true, silent: "no",
  },
};

/** Texts that no sender of ours makes, by what they are. */
const malformed = {
  "no JSON": "Goal!",
  "no data at all": "",
  "JSON that is no object": "[8030]",
  "members of wrong types": JSON.stringify(wrongTypes),
};

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function payloads(theWorld, browser) {
  test("a message that arrives twice is one notification, counted once", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { endpoint } = await visit.status();
    const { id } = await world.emulator.subscription(endpoint);
    // The sender hears nothing of a push that the browser gets, and sends it again.
    await world.emulator.fail({ kind: "lost-answer", subscription: id });
    const { title, sent } = await visit.notify();
    const shown = () => world.desktop.history.filter(({ summary }) => summary === title);
    await until(() => shown().length === 2, "second showing");
    await until(() => shown().filter(({ closed }) => closed === undefined).length === 1, "one of them on the desktop");
    // What the worker has to say of the first, it has said before it says this of the next.
    const next = await visit.notify();
    await world.counted(next.sent.id, { displayed: 1 });
    assert.deepEqual((await visit.notifications()).map(({ title }) => title).sort(), [title, next.title].sort());
    await world.counted(sent.id, { targeted: 1, accepted: 1, displayed: 1, closed: 0 });
    const { data } = await world.emulator.pushes();
    assert.equal(data.filter((push) => push.subscription === id).length, 3);
    await visit.end();
  });

  test("a push that nobody can read shows the site's name", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const subscription = await visit.subscription();
    const { host } = new URL(visit.origin);
    const shown = () => world.desktop.history.filter(({ summary }) => summary === host);
    let count = 0;
    for (const [what, payload] of Object.entries(malformed)) {
      await world.emulator.deliver(subscription, payload);
      count++;
      await until(() => shown().length === count, `notification of ${what}`);
      // Chromium puts the site's host before the text.
      assert.match(shown().at(-1)?.body ?? "", browser === "chromium" ? /^\S+\s*$/ : /^$/, what);
      await until(async () => (await visit.notifications()).length === count, `${count} notifications in the browser's list, the last of ${what}`);
    }
    // It has cost nothing.
    await visit.notify();
    await visit.end();
  });

  test("a push that does not decrypt shows nothing, and the next one is shown", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { endpoint } = await visit.subscription();
    const before = world.desktop.history.length;
    const p256dh = createECDH("prime256v1").generateKeys("base64url");
    const auth = randomBytes(16).toString("base64url");
    const { id } = await world.emulator.deliver({ endpoint, keys: { p256dh, auth } }, "for another browser");
    const push = await world.emulator.push((push) => push.id === id && push.state === "acked");
    // Firefox tells that it does not decrypt; Chromium only that it has the message.
    assert.equal(push.code, browser === "firefox" ? 101 : undefined);
    const { title } = await visit.notify();
    assert.deepEqual(world.desktop.history.slice(before).map(({ summary }) => summary), [title]);
    await visit.end();
  });
}
