// The emulator's page, as a developer sees it beside the page that is worked on.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import webpush from "web-push";
import { Desktop } from "../harness/desktop.mjs";
import { Emulator } from "../harness/emulator.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { until } from "../harness/until.mjs";
import { sendWithNpm, startBareSite, subscribe } from "../senders/bare.mjs";

const keys = webpush.generateVAPIDKeys();
const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** @type {Desktop} */
let desktop;
/** @type {Emulator} */
let emulator;
/** @type {Awaited<ReturnType<typeof startBareSite>>} */
let site;
/** @type {Firefox} */
let firefox;
/** @type {import("puppeteer-core").Page} */
let page;
/** @type {import("web-push").PushSubscription} */
let subscription;
/** What the page has logged and thrown, which is to be nothing. @type {string[]} */
const complaints = [];

before(async () => {
  [desktop, emulator, site] = await Promise.all([Desktop.start(), Emulator.start(), startBareSite()]);
  firefox = await Firefox.start({ pushService: emulator.pushService, environment: desktop.environment });
  subscription = await subscribe(firefox, site, keys.publicKey);
  page = await open();
});

after(async () => {
  await firefox?.close();
  await Promise.all([emulator?.stop(), site?.stop(), desktop?.stop()]);
});

/** @param {() => void} [prepare] runs in the page before its own scripts */
async function open(prepare) {
  const tab = await firefox.browser.newPage();
  if (prepare) await tab.evaluateOnNewDocument(prepare);
  await tab.setViewport({ width: 1280, height: 900 });
  tab.on("console", (message) => complaints.push(message.text()));
  tab.on("pageerror", (error) => complaints.push(String(error)));
  await tab.goto(`${emulator.url}/`);
  await tab.waitForSelector("#link.good");
  await until(() => tab.$eval("#log", (log) => log.children.length > 0 || document.querySelector("#pushes-count")?.textContent === "0"), "log");
  return tab;
}

/** @param {import("web-push").RequestOptions} [options] */
const send = (text = "hello", options = {}, pair = keys) => sendWithNpm(emulator.url, subscription, pair, text, options);

/**
 * Awaits that the latest push on the page says all of this.
 *
 * @param {...string} texts
 */
async function latest(...texts) {
  let said = "";
  try {
    await until(async () => {
      said = await page.$eval(".push", (row) => /** @type {HTMLElement} */ (row).innerText);
      return texts.every((text) => said.includes(text));
    }, `push with ${texts.join(", ")} on the page`);
  } catch (error) {
    throw new Error(`${/** @type {Error} */ (error).message}; the latest says ${said}`);
  }
}

/** @param {string} selector */
const text = (selector) => page.$eval(selector, (element) => /** @type {HTMLElement} */ (element).innerText);

/**
 * Clicks the button with this name, as a person does.
 *
 * @param {string} name
 */
const click = (name) => page.locator(`::-p-aria([name="${name}"][role="button"])`).click();

/** How many faults are armed. */
const armed = async () => (await (await fetch(`${emulator.url}/api/faults`)).json()).data.length;

test("a push appears by itself, with what the browser answered", async () => {
  assert.equal((await send("hello", { TTL: 3600, topic: "match-42", urgency: "high" })).status, 201);
  await latest("201", "given to the service worker", "code 100", "TTL 1 hour", "topic match-42", "urgency high", " ms");
  assert.equal(await text("#pushes-count"), "1");
});

test("a refusal says its rule, its source and its fix", async () => {
  assert.equal((await send("x", {}, webpush.generateVAPIDKeys())).status, 401);
  await latest("401", "refused", "vapid-key-mismatch", "RFC 8292 §4.2", "Fix: Sign with the key pair that the page subscribed with");
});

test("browser and subscription are shown with their state, and the endpoint can be copied in full", async () => {
  await until(async () => /Firefox.*connected/.test(await text("#browsers")), "browser");
  await until(async () => /Endpoint\s+127\.0\.0\.1:\d+\/…/.test(await text("#subscriptions")), "subscription");
  const shown = await page.$eval("#subscriptions code", (code) => code.getAttribute("title"));
  assert.equal(shown, subscription.endpoint);
});

test("a fault that a click arms meets the next push, and no other", async () => {
  await click("503, retry in 5 s");
  await page.waitForSelector("#faults li");
  assert.match(await text("#faults"), /The next push: 503, Retry-After 5 s/);
  assert.equal((await send()).status, 503);
  await latest("503", "refused", "fault");
  assert.equal((await send()).status, 201);
  await page.waitForSelector("#faults li", { hidden: true });
});

test("a sender's mistake with Apple is seen without Apple", async () => {
  await page.select("#personality", "apple");
  await until(async () => /answered as by Apple's service/.test(await text("#notice")), "notice");
  assert.equal((await send("now or never", { TTL: 0 })).status, 400);
  await latest("400", "refused", "as Apple", "ttl-zero", "Fix: Send 1 in place of 0.", "Apple answers 400, “BadTtl”. Source: second-hand: Apple");
  await page.select("#personality", "");
  await until(async () => /each browser's own service/.test(await text("#notice")), "notice");
  assert.equal((await send("now or never", { TTL: 0 })).status, 201);
  await latest("201", "as Mozilla", "given to the service worker");
});

test("an answer that a click loses is of a push that arrives", async () => {
  await click("Lose the answer");
  await page.waitForSelector("#faults li");
  assert.equal((await send()).status, 0);
  await latest("no answer", "given to the service worker", "An injected fault");
});

test("a sender whose clock a click sets a day ahead is refused for it, once", async () => {
  await click("Sender's clock a day ahead");
  await page.waitForSelector("#faults li");
  assert.match(await text("#faults"), /The next push: the sender's clock 1 day ahead/);
  assert.equal((await send()).status, 401);
  await latest("401", "refused", "vapid-exp-too-far", "An injected fault: judged as that of a sender whose clock is wrong");
  assert.equal((await send()).status, 201);
  await page.waitForSelector("#faults li", { hidden: true });
});

test("an armed fault is disarmed by a click, and the keyboard keeps a place", async () => {
  await click("Answer 500");
  await page.waitForSelector("#faults button");
  await page.focus("#faults button");
  await page.keyboard.press("Enter");
  await page.waitForSelector("#faults li", { hidden: true });
  assert.equal(await armed(), 0);
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), "503, retry in 5 s");
});

test("a fault of the form's own choice is armed for one subscription", async () => {
  await page.locator("main details summary").click();
  await page.select("#fault [name=kind]", "delay");
  assert.equal(await page.$eval("#fault [name=status]", (input) => input.checkVisibility()), false);
  const { id } = await emulator.subscription(subscription.endpoint);
  await page.select("#fault [name=subscription]", id);
  await page.locator("#fault button[type=submit]").click();
  await page.waitForSelector("#faults li");
  assert.match(await text("#faults"), /The next push to Firefox [0-9a-f]{8}: answered 3 s late/);
  await fetch(`${emulator.url}/api/faults`, { method: "DELETE" });
  await page.waitForSelector("#faults li", { hidden: true });
});

test("a subscription that is pasted gets a test, and what is no subscription is said", async () => {
  await page.locator("#deliver-subscription").fill("subscription");
  await page.locator("#deliver button").click();
  await until(async () => (await text("#deliver-error")).includes("not JSON"), "error");
  await page.locator("#deliver-subscription").fill(JSON.stringify(subscription));
  await page.locator("#deliver-payload").fill("from the page");
  await page.locator("#deliver button").click();
  await desktop.notification(({ summary }) => summary === "from the page");
  await latest("test", "from the page", "given to the service worker");
  assert.equal(await text("#deliver-error"), "");
});

test("a browser that is offline shows as away, and what waits is delivered when it is let in", async () => {
  await click("Go offline");
  await until(async () => /away/.test(await text("#browsers")), "away");
  assert.equal((await send()).status, 201);
  await latest("201", "waits for the browser");
  // The page asks for it beside the pushes.
  await until(async () => /1 waiting/.test(await text("#subscriptions")), "push that waits");
  await click("Go online");
  await latest("given to the service worker");
});

test("cut connections come back by themselves", async () => {
  const since = async () => {
    const { browsers } = await (await fetch(`${emulator.url}/api/browser`)).json();
    return browsers.find((/** @type {{connected: boolean}} */ { connected }) => connected)?.since;
  };
  const before = await since();
  await click("Cut connections");
  await until(async () => /connections were cut/.test(await text("#notice")), "notice");
  await until(async () => ((await since()) ?? before) !== before, "browser that has come back");
  assert.equal((await send()).status, 201);
  await latest("given to the service worker");
});

test("a screen reader is told of one push in full, and of many in counts", async () => {
  // One that has not heard of the other tests' pushes. Of what it hears it tells 3 s later: when the test says so.
  const tab = await open(() => {
    const { setTimeout } = window;
    Object.assign(window, {
      setTimeout: (/** @type {() => void} */ work, /** @type {number} */ ms) => (ms === 3000 ? (Object.assign(window, { tell: work }), 1) : setTimeout(work, ms)),
    });
  });
  const know = () => tab.$$eval(".push", (rows) => rows.forEach((row) => row.setAttribute("data-known", "")));
  /** What it tells of so many pushes, once each has come to its end. @param {number} pushes */
  const told = async (pushes) => {
    const ended = () =>
      tab.$$eval(".push", (rows, pushes) => rows.slice(0, pushes).every((row) => /refused|received/.test(row.className) && !row.hasAttribute("data-known")), pushes);
    await until(ended, `end of ${pushes} pushes`);
    await know();
    return tab.evaluate(() => {
      /** @type {any} */ (window).tell();
      return document.querySelector("#heard")?.textContent;
    });
  };
  await know();
  await send("x", {}, webpush.generateVAPIDKeys());
  assert.equal(await told(1), "Push: refused by the rule vapid-key-mismatch.");
  await Promise.all([send(), send(), send("x", {}, webpush.generateVAPIDKeys())]);
  assert.equal(await told(3), "3 pushes: 2 received, 1 refused.");
  await tab.close();
});

test("the filters leave what is asked for", async () => {
  await page.select("#pushes-state", "refused");
  const kinds = await page.$$eval(".push:not([hidden])", (rows) => rows.map((row) => row.className));
  assert.deepEqual([...new Set(kinds)], ["push refused"]);
  await page.select("#pushes-state", "");
  await page.locator("#pushes-text").fill("match-42");
  assert.equal((await page.$$(".push:not([hidden])")).length, 1);
  await page.locator("#pushes-text").fill("");
});

for (const scheme of ["light", "dark"]) {
  test(`axe finds nothing, ${scheme}, wide and narrow, with everything open, under a strict policy`, async () => {
    const viewer = await Firefox.start({ preferences: { "ui.systemUsesDarkTheme": scheme === "dark" ? 1 : 0 } });
    try {
      await fetch(`${emulator.url}/api/faults`, { method: "POST", body: JSON.stringify({ count: 2 }) });
      const tab = await viewer.newPage();
      await tab.evaluateOnNewDocument(() => {
        /** @type {string[]} */
        const violations = [];
        Object.assign(window, { violations });
        addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => violations.push(`${violatedDirective} ${blockedURI}`));
      });
      await tab.goto(`${emulator.url}/`);
      await tab.waitForSelector(".push .fix");
      await tab.waitForSelector("#faults li");
      await tab.$$eval("details", (all) => all.forEach((details) => (details.open = true)));
      assert.equal(await tab.evaluate(() => matchMedia("(prefers-color-scheme: dark)").matches), scheme === "dark");
      await tab.evaluate(axe);
      for (const width of [1280, 360]) {
        await tab.setViewport({ width, height: 900 });
        const { violations, scrolls } = await tab.evaluate(async () => ({
          violations: (await /** @type {any} */ (window).axe.run()).violations.map((/** @type {any} */ v) => ({
            id: v.id,
            nodes: v.nodes.map((/** @type {any} */ node) => `${node.html} ${node.failureSummary}`),
          })),
          scrolls: document.documentElement.scrollWidth > innerWidth,
        }));
        assert.deepEqual(violations, []);
        assert.equal(scrolls, false, `the page scrolls sideways at ${width} pixels`);
      }
      // All of it under a strict policy, which is in force and forbids nothing that the page does.
      assert.deepEqual(await tab.evaluate(() => /** @type {any} */ (window).violations), []);
      assert.match((await fetch(`${emulator.url}/`, { headers: { Accept: "text/html" } })).headers.get("Content-Security-Policy") ?? "", /^default-src 'none'; script-src 'self';/);
    } finally {
      await viewer.close();
      await fetch(`${emulator.url}/api/faults`, { method: "DELETE" });
    }
  });
}

test("a thousand pushes leave the page quick, and it keeps the latest thousand", async () => {
  const endpoint = `${emulator.url}/wpush/v2/unknown`;
  for (let i = 0; i < 1050; i += 50) await Promise.all(Array.from({ length: 50 }, () => fetch(endpoint, { method: "POST" })));
  await until(async () => /^1,?000$/.test(await text("#pushes-count")), "1000 pushes");
  // The time in which a filter keeps the page busy: the least of some, since others share the processor.
  const took = await page.evaluate(async () => {
    const paint = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
    const values = ["endpoint", "nothing like this", ""];
    const times = values.map(() => Infinity);
    for (let round = 0; round < 5; round++) {
      for (const [i, value] of values.entries()) {
        const input = /** @type {HTMLInputElement} */ (document.getElementById("pushes-text"));
        const start = performance.now();
        input.value = value;
        input.dispatchEvent(new Event("input"));
        times[i] = Math.min(/** @type {number} */ (times[i]), performance.now() - start);
        await paint();
      }
    }
    return Math.max(...times);
  });
  assert.ok(took < 100, `a filter takes ${took} ms`);
  let appears = Infinity;
  for (let i = 1; i <= 5 && appears >= 2000; i++) {
    const start = Date.now();
    assert.equal((await send("after a thousand", { topic: `after-${i}` })).status, 201);
    await latest("201", `topic after-${i}`, "given to the service worker");
    appears = Math.min(appears, Date.now() - start);
  }
  assert.ok(appears < 2000, `a push takes ${appears} ms to appear`);
  assert.equal((await page.$$(".push")).length, 1000);
});

test("a subscription that a click ends is gone for senders", async () => {
  await page.locator("#subscriptions ::-p-text(End it)").click();
  await until(async () => (await send()).status === 410, "410");
  await page.waitForSelector("#subscriptions .hint");
});

test("the page says that the emulator is away, and shows what the next one knows", async () => {
  assert.deepEqual(complaints, []);
  await emulator.stop();
  await until(async () => (await text("#link")) === "The emulator does not answer", "word of it");
  emulator = await Emulator.start(Number(new URL(emulator.url).port));
  await page.waitForSelector("#link.good");
  await until(async () => (await text("#pushes-count")) === "0", "empty log");
  await fetch(`${emulator.url}/wpush/v2/unknown`, { method: "POST" });
  await latest("404", "endpoint-unknown", "unknown endpoint");
});
