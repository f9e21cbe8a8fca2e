import assert from "node:assert/strict";
import { test } from "node:test";
import { strictPolicy } from "../../elements/gallery.mjs";
import { Stage } from "../../elements/stage.mjs";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

const script = `
import { pushkit } from "https://push.example.com/pushkit.js";
import "https://push.example.com/pushkit-elements.js";
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, sample }) => violations.push(violatedDirective + " " + sample));
window.shifts = [];
if (PerformanceObserver.supportedEntryTypes.includes("layout-shift")) {
  new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value))).observe({ type: "layout-shift", buffered: true });
}
window.asked = 0;
const ask = Notification.requestPermission.bind(Notification);
Notification.requestPermission = (...args) => (asked++, ask(...args));
window.pushkit = pushkit;
window.element = document.querySelector("pushkit-button, pushkit-preferences, pushkit-prompt");
pushkit.init({ server: "https://push.example.com" });
`;

/** The same, once the page without the elements was seen: they come late, and shift what they can. */
const lateScript = script
  .replace('import "https://push.example.com/pushkit-elements.js";', "")
  .replace("pushkit.init(", 'await new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(seen, 100))));\nawait import("https://push.example.com/pushkit-elements.js");\npushkit.init(');

const style = `
pushkit-button:not(:defined) { display: inline-block; min-block-size: 44px; vertical-align: top; visibility: hidden }
pushkit-preferences { display: block; min-block-size: 26rem }
pushkit-preferences:not(:defined) { visibility: hidden }
pushkit-prompt:not(:defined) { display: none }
`;

/**
 * The elements with the real pushkit, browser, server and push service, on a page with a strict policy.
 *
 * @param {() => import("../world.mjs").World} theWorld
 */
export function elementsPath(theWorld) {
  /**
   * @param {string} body
   * @param {string} [code] the page's script
   * @param {string} [more] of the policy
   */
  async function open(body, code = script, more = "") {
    const world = theWorld();
    const headers = { "Content-Security-Policy": strictPolicy(world.server.url) + more };
    world.site.files.set("/strict.js", { body: code, type: "text/javascript; charset=utf-8" });
    world.site.files.set("/strict.css", { body: style, type: "text/css" });
    world.site.files.set("/strict.html", {
      body: `<!doctype html><html lang="en"><title>strict</title><link rel="stylesheet" href="/strict.css"><script type="module" src="/strict.js"></script>
        <p id="status">Strict.</p><main>${body}</main><p>The page goes on.</p>`,
      headers,
    });
    const visit = await Visit.start(world, world.newOrigin(), "/strict.html");
    const stage = new Stage(/** @type {any} */ (visit.page));
    const end = async () => {
      await stage.forbiddenNothing();
      await visit.end();
    };
    return { world, visit, stage, end };
  }

  test("pushkit-button subscribes under a strict policy with Trusted Types, asks only when clicked, and shifts nothing", async () => {
    const { world, visit, stage, end } = await open(`<pushkit-button channels="news">Tell me</pushkit-button>`);
    await stage.shows("default");
    assert.equal(await visit.page.evaluate(() => /** @type {any} */ (window).asked), 0);
    await stage.click("button");
    await stage.shows("asking");
    await world.browser.prompt.allow();
    await stage.shows("subscribed");
    assert.equal(await visit.page.evaluate(() => /** @type {any} */ (window).asked), 1);
    const { id, channels } = await visit.status();
    assert.ok((await world.subscriptions()).includes(id));
    assert.deepEqual(channels, ["news"]);
    await visit.notify();
    assert.deepEqual(await visit.page.evaluate(() => /** @type {any} */ (window).shifts), []);
    await end();
  });

  test("loader, WebAssembly, worker, elements and debug() run where Trusted Types are required and one policy alone is allowed", async () => {
    const { world, visit, stage, end } = await open("<pushkit-button></pushkit-button>", script, "; trusted-types pushkit");
    await world.browser.setPermission(visit.origin, "granted");
    await stage.shows("default");
    await stage.click("button");
    await stage.shows("subscribed");
    const { sent } = await visit.notify();
    // Until then debug() tells of an event that waits.
    await visit.told(sent.id);
    const { problems, subscribed } = await visit.page.evaluate(async () => {
      const report = await /** @type {any} */ (window).pushkit.debug();
      return { problems: report.problems, subscribed: report.status.subscribed };
    });
    assert.deepEqual([problems, subscribed], [[], true]);
    await end();
  });

  for (const [element, body] of Object.entries({
    button: "<pushkit-button></pushkit-button>",
    prompt: "<pushkit-prompt></pushkit-prompt>",
    preferences: `<pushkit-preferences><datalist><option value="news" selected>News</option><option value="ferry">When the ferry is late</option>
      <option value="weather">Storm warnings</option></datalist></pushkit-preferences>`,
  })) {
    test(`pushkit-${element} appears late and shifts nothing (CLS 0)`, async (t) => {
      const { visit, stage, end } = await open(body, lateScript);
      if (!(await visit.page.evaluate(() => PerformanceObserver.supportedEntryTypes.includes("layout-shift")))) {
        t.skip("the browser does not tell of shifts");
      } else {
        await stage.until((_, shown) => shown.getAttribute("state") === "default" && (shown.localName !== "pushkit-prompt" || shown.hasAttribute("open")), "element");
        // What a frame shifts is told after it.
        await visit.page.evaluate(() => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(seen, 100)))));
        assert.deepEqual(await visit.page.evaluate(() => /** @type {any} */ (window).shifts), []);
      }
      await end();
    });
  }

  test("pushkit-button shows how to allow again, once the person has blocked", async () => {
    const { world, stage, end } = await open("<pushkit-button></pushkit-button>");
    await stage.shows("default");
    await stage.click("button");
    await world.browser.prompt.deny();
    await stage.shows("blocked");
    await stage.until((root) => root.querySelectorAll("#card li").length === 2, "instructions");
    await end();
  });

  test("pushkit-preferences saves channels on the server, and turns off", async () => {
    const options = `<datalist><option value="news" selected>News</option><option value="sport">Sport</option></datalist>`;
    const { world, visit, stage, end } = await open(`<pushkit-preferences>${options}</pushkit-preferences>`);
    await world.browser.setPermission(visit.origin, "granted");
    await stage.shows("default");
    await stage.click("button");
    await stage.shows("subscribed");
    const { id } = await visit.status();
    const stored = async () => {
      const { body } = await world.server.api("GET", "/v1/subscriptions?limit=1000");
      return body.data.find((/** @type {{id: string}} */ subscription) => subscription.id === id);
    };
    assert.deepEqual((await stored()).channels, ["news"]);
    await stage.look((root) => root.querySelectorAll("input")[1]?.click());
    await stage.click("button");
    await stage.until((root) => root.querySelector("[role=status]")?.textContent === "Saved.", "word that it is saved");
    assert.deepEqual((await stored()).channels, ["news", "sport"]);
    await stage.click("off");
    await stage.shows("default");
    assert.equal(await stored(), undefined);
    await end();
  });

  test("pushkit-prompt in a page is shown by its rules, once init() is called", async () => {
    const { stage, end } = await open(`<pushkit-prompt scroll="50"><span slot="title">Scores?</span></pushkit-prompt>`);
    await stage.until((_, element) => element.hasAttribute("open"), "prompt");
    await stage.press("Tab", "Escape");
    await stage.until((_, element) => !element.hasAttribute("open"), "no prompt");
    await end();
  });

  test("pushkit.prompt() loads the prompt, subscribes, and never asks a person again who said no", async () => {
    const { world, visit, end } = await open("");
    await visit.page.evaluate(() => {
      /** @type {any} */ (window).outcome = /** @type {any} */ (window).pushkit.prompt({ title: "Scores?", channels: ["sport"] });
    });
    const show = async () => {
      await until(() => visit.page.evaluate(() => document.querySelector("pushkit-prompt")?.hasAttribute("open")), "prompt");
      await visit.page.evaluate(() => void Object.assign(window, { element: document.querySelector("pushkit-prompt") }));
      return new Stage(/** @type {any} */ (visit.page));
    };
    const stage = await show();
    assert.match(await stage.look((_, element) => element.textContent ?? ""), /Scores\?/);
    await stage.click("button");
    await world.browser.prompt.allow();
    assert.equal(await visit.page.evaluate(() => /** @type {any} */ (window).outcome), "subscribed");
    assert.deepEqual((await visit.status()).channels, ["sport"]);
    assert.equal(await visit.page.evaluate(() => /** @type {any} */ (window).pushkit.prompt()), "not-shown");
    await visit.call("unsubscribe");
    await visit.page.evaluate(() => {
      document.querySelector("pushkit-prompt")?.remove();
      /** @type {any} */ (window).outcome = /** @type {any} */ (window).pushkit.prompt({ again: 0 });
    });
    await (await show()).click("never");
    assert.equal(await visit.page.evaluate(() => /** @type {any} */ (window).outcome), "no");
    assert.equal(await visit.page.evaluate(() => /** @type {any} */ (window).pushkit.prompt({ again: 0 })), "not-shown");
    assert.equal(await visit.page.evaluate(() => document.querySelector("pushkit-prompt")), null);
    await end();
  });
}
