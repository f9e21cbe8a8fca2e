// The emulator is a push service for everyone: senders and pages that are not pushkit's, and stock browsers.
import assert from "node:assert/strict";
import { execFile, execFileSync } from "node:child_process";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import webpush from "web-push";
import { Chromium } from "../harness/chromium.mjs";
import { Desktop } from "../harness/desktop.mjs";
import { Emulator } from "../harness/emulator.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { temporaryFolder } from "../harness/program.mjs";
import { root } from "../harness/repository.mjs";
import { sendWithNpm, startBareSite, subscribe } from "./bare.mjs";

const keys = webpush.generateVAPIDKeys();
const program = join(temporaryFolder("sender"), "webpush-go");

/** @typedef {typeof sendWithNpm} Send */

/** @type {Send} */
function sendWithGo(emulator, subscription, { publicKey, privateKey }, text) {
  return new Promise((resolve, reject) => {
    const sender = execFile(program, (error, stdout) => (error ? reject(error) : resolve({ status: Number(stdout), body: "" })));
    sender.stdin?.end(JSON.stringify({ subscription, text, publicKey, privateKey, emulator }));
  });
}

const senders = /** @type {const} */ ([
  ["npm web-push", sendWithNpm],
  ["webpush-go", sendWithGo],
]);

/** @type {Desktop} */
let desktop;
/** @type {Emulator} */
let emulator;
/** @type {Awaited<ReturnType<typeof startBareSite>>} */
let site;

before(async () => {
  execFileSync("go", ["build", "-o", program, "./js/test/senders/webpush-go"], { cwd: root, stdio: "inherit" });
  [desktop, emulator, site] = await Promise.all([Desktop.start(), Emulator.start(), startBareSite()]);
});

after(async () => {
  await Promise.all([emulator?.stop(), site?.stop(), desktop?.stop()]);
});

for (const { name, start, answered } of [
  {
    name: "Firefox",
    start: () => Firefox.start({ pushService: emulator.pushService, environment: desktop.environment }),
    // Given to the worker.
    answered: { code: 100, answer: "given to the service worker" },
  },
  {
    name: "Chromium",
    start: () => Chromium.start({ pushService: emulator.url, environment: desktop.environment }),
    // It says no more.
    answered: { code: undefined, answer: "arrived at the browser" },
  },
]) {
  describe(name, () => {
    /** @type {Firefox | Chromium} */
    let browser;
    /** @type {import("web-push").PushSubscription} */
    let subscription;

    before(async () => {
      browser = await start();
      subscription = await subscribe(browser, site, keys.publicKey);
    });
    after(() => browser?.close());

    for (const [sender, send] of senders) {
      test(`${name} receives from ${sender}`, async () => {
        const text = `${sender} to ${name}`;
        const { data, next } = await emulator.pushes();
        assert.deepEqual(await send(emulator.url, subscription, keys, text), { status: 201, body: "" });
        const push = await emulator.push(({ state, id }) => state === "acked" && id === (data.length > 0 ? Math.max(...data.map((p) => p.id)) : 0) + 1, next);
        assert.deepEqual({ status: push.status, rule: push.rule, code: push.code, answer: push.answer }, { status: 201, rule: undefined, ...answered });
        await desktop.notification(({ summary }) => summary === text);
      });
    }

    test(`${name} receives what the emulator sends by itself`, async () => {
      const answer = await fetch(`${emulator.url}/api/deliver`, {
        method: "POST",
        body: JSON.stringify({ subscription, payload: `by itself to ${name}` }),
      });
      assert.equal(answer.status, 201);
      const { id } = await answer.json();
      await desktop.notification(({ summary }) => summary === `by itself to ${name}`);
      await emulator.push((push) => push.id === id && push.state === "acked" && push.answer === answered.answer);
    });

    for (const [sender, send] of senders) {
      test(`${sender} is refused by the rule that another key breaks`, async () => {
        const { status } = await send(emulator.url, subscription, webpush.generateVAPIDKeys(), "x");
        assert.equal(status, name === "Firefox" ? 401 : 403);
        assert.equal((await emulator.pushes()).data.at(-1)?.rule, "vapid-key-mismatch");
      });
    }
  });
}

describe("Firefox while senders are answered as by Apple", () => {
  /** @type {Firefox} */
  let browser;

  /** @param {string} as */
  const answerAs = (as) => fetch(`${emulator.url}/api/personality`, { method: "POST", body: JSON.stringify({ as }) });

  before(async () => {
    await answerAs("apple");
    browser = await Firefox.start({ pushService: emulator.pushService, environment: desktop.environment });
  });
  after(async () => {
    await Promise.all([browser?.close(), answerAs("")]);
  });

  test("has an endpoint on Apple's host, and receives from all senders", async () => {
    const subscription = await subscribe(browser, site, keys.publicKey);
    assert.match(subscription.endpoint, /^https:\/\/web\.push\.apple\.com\/wpush\/v2\//);
    for (const [sender, send] of senders) {
      const text = `${sender} by way of Apple`;
      assert.equal((await send(emulator.url, subscription, keys, text)).status, 201);
      await desktop.notification(({ summary }) => summary === text);
    }
  });

  test("sees the mistakes of a sender that only Apple refuses", async () => {
    const subscription = await subscribe(browser, site, keys.publicKey);
    for (const [options, reason] of /** @type {[import("web-push").RequestOptions, string][]} */ ([
      [{ TTL: 0 }, "BadTtl"],
      [{ topic: "new_event" }, "BadWebPushTopic"],
      [{ vapidDetails: { subject: "mailto:me@localhost", ...keys } }, "BadJwtToken"],
    ])) {
      const { body } = await sendWithNpm(emulator.url, subscription, keys, "x", options);
      assert.deepEqual(JSON.parse(body), { reason });
    }
  });
});
