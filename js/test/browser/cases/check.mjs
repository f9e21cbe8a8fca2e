import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { test } from "node:test";
import { strictPolicy } from "../../elements/gallery.mjs";
import { inPage, Stage } from "../../elements/stage.mjs";
import { until } from "../../harness/until.mjs";

const axe = inPage(await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8"));

const body = `<!doctype html><html lang="en"><title>support</title><script type="module" src="/support.js"></script>
  <main><h1>Support</h1><pushkit-check></pushkit-check></main>`;

const script = `
import { pushkit } from "https://push.example.com/pushkit.js";
import "https://push.example.com/pushkit-check.js";
pushkit.init({ server: "https://push.example.com" });
`;

/** @param {() => import("../world.mjs").World} theWorld */
export function check(theWorld) {
  /** Opens a page with the panel. @param {string} address */
  async function open(address) {
    const world = theWorld();
    const page = await world.browser.newPage();
    await page.evaluateOnNewDocument(() => {
      /** @type {string[]} */
      const violations = [];
      Object.assign(window, { violations });
      addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => violations.push(`${violatedDirective} ${blockedURI}`));
    });
    await page.goto(address);
    const stage = new Stage(/** @type {any} */ (page));
    await until(
      () => page.evaluate(() => Object.assign(window, { element: document.querySelector("pushkit-check") }).element?.hasAttribute("state")),
      "panel",
    );
    /** What a part says, or all of it. @param {string} [part] */
    const text = (part) =>
      page.evaluate((part) => {
        const { shadowRoot } = /** @type {any} */ (window).element;
        return /** @type {string} */ ((part ? shadowRoot.querySelector(`[part=${part}]`) : shadowRoot).textContent);
      }, part);
    /** @param {RegExp} sentence */
    const says = async (sentence) => {
      let said;
      try {
        await until(async () => sentence.test((said = await text("status"))), String(sentence), 60_000);
      } catch (error) {
        throw new Error(`${/** @type {Error} */ (error).message}; it says ${said}; ${await text()}`);
      }
    };
    const end = async () => {
      await stage.forbiddenNothing();
      await page.close();
    };
    return { world, page, stage, text, says, end };
  }

  /** A page of a site's own. */
  function onASite(headers = { "Content-Security-Policy": strictPolicy(theWorld().server.url) }) {
    const world = theWorld();
    world.site.files.set("/support.js", { body: script, type: "text/javascript; charset=utf-8" });
    world.site.files.set("/support.html", { body, headers });
    return open(world.newOrigin() + "/support.html");
  }

  test("on /check/ a person allows notifications, sends a test, sees it, and the page says so", async () => {
    const world = theWorld();
    const { stage, text, says, end } = await open(`${world.server.url}/check`);
    await stage.shows("default");
    assert.match(await text(), /Push\s*Yes\. The browser takes messages while the site is closed\./);
    await stage.click("allow");
    await world.browser.prompt.allow();
    await stage.shows("subscribed");
    assert.match(await text("verdict"), /Nothing is wrong here/);
    await stage.click("test");
    await world.desktop.notification(({ summary }) => summary === "Test notification");
    await says(/^The test was shown\./);
    await until(async () => /It was shown\./.test(await text("report")), "last message in the report");
    assert.match(await text("report"), /It has this subscription\./);
    await stage.click("stop");
    await stage.shows("default");
    await end();
  });

  test("on a site's own page, under a strict policy, the panel is the same, and tells what a push service says", async () => {
    const { world, stage, says, end } = await onASite();
    await stage.shows("default");
    await stage.click("allow");
    await world.browser.prompt.allow();
    await stage.shows("subscribed");
    await world.emulator.fail({ status: 413, count: 1 });
    await stage.click("test");
    await says(/failed\. 413 .*\./);
    await stage.click("test");
    await says(/^The test was shown\./);
    await end();
  });

  test("a test that the push service took and the browser does not show tells where to look", async () => {
    const { world, stage, says, end } = await onASite();
    await stage.click("allow");
    await world.browser.prompt.allow();
    await stage.shows("subscribed");
    await world.emulator.goOffline();
    try {
      await stage.click("test");
      await says(/^The push service took the test\. Waiting/);
      await says(/has not shown it within 10 seconds\./);
      await stage.until((root) => /do-not-disturb/.test(root.textContent ?? ""), "places to look at");
    } finally {
      await world.emulator.goOnline();
    }
    await end();
  });

  test("the panel has nothing that axe finds, before and after a person is subscribed", async () => {
    // Axe itself does what a strict policy forbids.
    const { world, page, stage, end } = await onASite(/** @type {any} */ ({}));
    for (const state of ["default", "subscribed"]) {
      if (state === "subscribed") {
        await stage.click("allow");
        await world.browser.prompt.allow();
      }
      await stage.shows(state);
      await page.evaluate(() => (/** @type {any} */ (window).element.shadowRoot.querySelector("details").open = true));
      await page.evaluate(axe);
      const found = await page.evaluate(async () =>
        (await /** @type {any} */ (window).axe.run()).violations.map((/** @type {any} */ { id, nodes }) => [id, ...nodes.map((/** @type {any} */ node) => node.html)]),
      );
      assert.deepEqual(found, [], state);
    }
    await end();
  });
}
