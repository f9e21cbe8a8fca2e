// That the harness plays a person with Chromium truly, from the prompt to the click, and over its restarts.
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { root } from "./repository.mjs";
import { setupChromium } from "./setup.mjs";
import { until } from "./until.mjs";

const insecureHost = "insecure.example.com";

/** @type {Awaited<ReturnType<typeof setupChromium>>} */
let world;
/** How many origins have been used. */
let origins = 0;

before(async () => {
  world = await setupChromium({
    folder: join(root, "examples/plain"),
    localHosts: [insecureHost],
    flags: (site) => Array.from({ length: 4 }, (_, i) => `--allowed-origins=${originOf(site.origin, i + 1)}`),
  });
});

after(() => world?.stop());

/**
 * @param {string} origin
 * @param {number} number
 */
function originOf(origin, number) {
  return origin.replace("localhost", `case${number}.localhost`);
}

function newOrigin() {
  return originOf(world.site.origin, ++origins);
}

/** Subscribes on an origin that is allowed to notify, and gives the server's id of the subscription. */
async function subscribe() {
  const origin = newOrigin();
  await world.chromium.setPermission(origin, "granted");
  const page = await world.chromium.newPage(origin);
  await page.click("#subscribe");
  await until(async () => (await page.$eval("#status", (e) => e.textContent)) === "This browser is subscribed.", "subscription");
  const id = await page.evaluate(async (server) => {
    const { pushkit } = await import(`${server}/pushkit.js`);
    return (await pushkit.status()).id;
  }, world.server.url);
  return { origin, page, id };
}

/**
 * @param {string} id
 * @param {string} title
 * @param {string} navigate
 */
function send(id, title, navigate) {
  return world.server.send({ notification: { title, navigate }, audience: { subscriptions: [id] } });
}

for (const { button, answered } of /** @type {const} */ ([
  { button: "allow", answered: "granted" },
  { button: "deny", answered: "denied" },
  { button: "dismiss", answered: "default" },
])) {
  test(`${button} answers the permission prompt with ${answered}`, async () => {
    const { chromium } = world;
    const page = await chromium.newPage(`http://prompt${answered}.localhost:${new URL(world.site.origin).port}/`);
    const asked = page.evaluate(() => Notification.requestPermission());
    await chromium.prompt[button]();
    assert.equal(await asked, answered);
    assert.equal(await page.evaluate(() => Notification.permission), answered);
    assert.equal(await chromium.prompt.isOpen(), false);
    await page.close();
  });
}

test("a question that its page left is nobody's any more", async () => {
  const page = await world.chromium.newPage(`${newOrigin()}/`);
  await page.run("void Notification.requestPermission()", true);
  await world.chromium.prompt.open();
  await page.close();
  await until(async () => !(await world.chromium.prompt.isOpen()), "end of the prompt");
});

test("a script has a user gesture, unless it is to have none", async () => {
  const page = await world.chromium.newPage(`${world.site.origin}/`);
  assert.equal(await world.chromium.evaluateWithoutGesture(page, "navigator.userActivation.hasBeenActive"), false);
  assert.equal(await page.evaluate((a, b) => `${navigator.userActivation.hasBeenActive} ${a + b}`, 1, 2), "true 3");
  await page.close();
});

test("a name that stands for this machine is no secure context", async () => {
  const page = await world.chromium.newPage(world.site.origin.replace("localhost", insecureHost));
  assert.equal(await page.evaluate(() => isSecureContext), false);
  await page.close();
});

test("a push is shown, and a click on it opens its page", async () => {
  const { origin, page, id } = await subscribe();
  const sent = await send(id, "shown", `${origin}/?from=notification`);
  const shown = await world.desktop.notification(({ summary }) => summary === "shown");
  await page.close();
  await world.desktop.click(shown);
  await until(async () => (await world.chromium.pages()).some((p) => p.url() === `${origin}/?from=notification`), "page of the notification");
  await until(async () => (await world.server.api("GET", `/v1/messages/${sent.id}`)).body.counts.clicked === 1, "counted click");
});

for (const how of /** @type {const} */ (["close", "kill"])) {
  test(`what is sent after ${how}() is shown at the next start`, async () => {
    const { origin, id } = await subscribe();
    // Chromium writes down a subscription some seconds later, or at its end; a crash before that loses it.
    if (how === "kill") await world.chromium.restart();
    await world.chromium[how]();
    await send(id, `away by ${how}`, origin);
    await world.chromium.open();
    await world.desktop.notification(({ summary }) => summary === `away by ${how}`, 60_000);
  });
}
