// A push from the application to a real browser and back, with no internet and no account: run it by ./run.sh npm test.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import puppeteer from "puppeteer-core";
import { start } from "./app.mjs";

const emulator = process.env.PUSHKIT_EMULATOR;
let app, browser, page;

/** Calls the emulator: server/emulator/API.md. */
async function call(path, body) {
  const answer = await fetch(`${emulator}/api/${path}`, body && { method: "POST", body: JSON.stringify(body) });
  assert.ok(answer.ok, `${path}: ${answer.status}`);
  return answer.status === 204 ? undefined : answer.json();
}

/** Awaits the push that comes after a change number and is not on its way any more. */
async function nextPush(after) {
  for (;;) {
    const { data, next } = await call(`pushes?wait=30&after=${after}`);
    const push = data.find(({ state }) => state === "acked" || state === "refused");
    if (push) return push;
    assert.ok(next > after, "nothing was pushed within 30 seconds");
    after = next;
  }
}

before(async () => {
  app = await start();
  browser = await puppeteer.launch({
    browser: "firefox",
    executablePath: process.env.FIREFOX ?? "/usr/bin/firefox-esr",
    extraPrefsFirefox: {
      ...(await call("browser")).firefox,
      // The person has allowed notifications.
      "permissions.default.desktop-notification": 1,
      // Firefox shows them by itself: a CI has no desktop that would.
      "alerts.useSystemBackend": false,
    },
  });
  page = await browser.newPage();
  await page.goto(`http://localhost:${app.address().port}/`);
});

after(async () => {
  await browser?.close();
  app?.closeAllConnections();
  app?.close();
});

test("who subscribes is greeted", async () => {
  const { next } = await call("pushes");
  await page.click("button");
  const push = await nextPush(next);
  assert.deepEqual([push.status, push.answer], [201, "given to the service worker"], push.rule);
  // The worker has the push now, and shows it in its own time.
  const shown = await page.waitForFunction(async () => {
    const registration = await navigator.serviceWorker.ready;
    const [first] = await registration.getNotifications();
    return first && { title: first.title, body: first.body };
  });
  assert.deepEqual(await shown.jsonValue(), { title: "Welcome", body: "You will hear from us." });
});

test("a push service that is overloaded is met with an error that says so", async () => {
  await call("faults", { status: 429, retryAfter: 30 });
  const { next } = await call("pushes");
  const answered = page.waitForResponse((response) => response.url().endsWith("/subscriptions"));
  await page.click("button");
  assert.equal((await nextPush(next)).status, 429);
  assert.equal((await answered).status(), 502);
});
