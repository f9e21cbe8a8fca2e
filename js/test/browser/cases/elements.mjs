import assert from "node:assert/strict";
import { test } from "node:test";
import { everything, permission, states } from "../../elements/gallery.mjs";
import { until } from "../../harness/until.mjs";

/**
 * In the page: what axe has found, what it could not tell, and whose text's contrast is too low or was not compared. It
 * passes over what is disabled, whose colours here are those of what is not; and over text that it takes for an icon's name,
 * since letters are joined in it as Arabic ones are: that is compared here.
 */
async function audit() {
  const { axe } = /** @type {any} */ (window);
  const root = /** @type {ShadowRoot} */ (/** @type {any} */ (window).element.shadowRoot);
  const { violations, incomplete, passes } = await axe.run({ elementRef: true });
  /** @param {any[]} rules */
  const said = (rules) =>
    rules.flatMap(({ id, nodes }) =>
      nodes.map((/** @type {any} */ { element, any, failureSummary }) => `${id}: ${element.outerHTML} ${JSON.stringify(any)} ${failureSummary}`),
    );
  /** @type {Set<Element>} */
  const compared = new Set(
    passes.filter((/** @type {any} */ { id }) => id === "color-contrast").flatMap((/** @type {any} */ { nodes }) => nodes.map((/** @type {any} */ { element }) => element)),
  );
  const written = [...root.querySelectorAll("*")].filter(
    (element) =>
      [...element.childNodes].some(({ nodeType, textContent }) => nodeType === Node.TEXT_NODE && textContent?.trim()) &&
      element.checkVisibility({ visibilityProperty: true }) &&
      !element.closest(".heard, [aria-disabled=true]"),
  );
  axe.setup();
  const missed = written
    .filter((element) => !compared.has(element))
    .map((element) => {
      const { getBackgroundColor, getForegroundColor, getContrast } = axe.commons.color;
      const background = getBackgroundColor(element);
      return { element: element.outerHTML, contrast: getContrast(background, getForegroundColor(element, false, background)) };
    })
    .filter(({ contrast }) => !(contrast >= 4.5));
  axe.teardown();
  return { found: said(violations), unsure: said(incomplete), missed };
}

/** How an element is shown. @type {{name: string, query: Record<string, string>}[]} */
const looks = [
  { name: "light", query: {} },
  { name: "dark", query: { scheme: "dark" } },
  { name: "right to left", query: { lang: "ar", dir: "rtl" } },
];

/**
 * The custom elements on a page with a strict policy, with a pushkit that is made up: in every state, by keyboard and mouse.
 *
 * @param {() => Promise<{stage: (query: Record<string, string>, path?: string) => Promise<import("../../elements/stage.mjs").Stage>, close: () => Promise<void>}>} open
 *   a tab of an origin where nothing has happened yet
 */
export function elements(open) {
  /**
   * @param {string} name
   * @param {(stage: Awaited<ReturnType<typeof open>>["stage"]) => Promise<void>} work
   */
  const on = (name, work) =>
    test(name, async () => {
      const { stage, close } = await open();
      await work(stage);
      await close();
    });

  for (const [element, all] of Object.entries(everything)) {
    for (const look of looks) {
      on(`pushkit-${element} shows each state, and axe finds nothing, ${look.name}`, async (stage) => {
        const states = new Set();
        for (const { name, query } of all) {
          // One of each state, where the colours or the direction alone are others.
          if (look.name !== "light" && states.has(query["state"])) continue;
          states.add(query["state"]);
          // Axe itself does what the strict policy forbids.
          const shown = await stage({ element, ...query, ...look.query }, "/gallery-axe.html");
          await shown.reach(/** @type {string} */ (query["state"]));
          assert.deepEqual(await shown.page.evaluate(audit), { found: [], unsure: [], missed: [] }, name);
          // The next prompt is to be shown too.
          await shown.page.evaluate(() => localStorage.clear());
        }
      });
    }
  }

  on("pushkit-button subscribes by the keyboard, in the person's own gesture, and turns off again", async (stage) => {
    const shown = await stage({ element: "button", channels: "news, sport" });
    await shown.page.evaluate(() => document.getElementById("before")?.focus());
    await shown.press("Tab");
    assert.equal(await shown.focused(), "button");
    assert.deepEqual(await shown.calls(), []);
    await shown.press("Enter");
    await shown.shows("subscribed");
    const [[method, options, activated]] = await shown.calls();
    assert.deepEqual([method, options], ["subscribe", { channels: ["news", "sport"] }]);
    assert.notEqual(activated, false);
    await shown.press("Enter");
    await shown.until((root) => root.querySelector("button")?.getAttribute("aria-expanded") === "true", "card");
    await shown.press("Tab");
    assert.equal(await shown.focused(), "off");
    await shown.press("Enter");
    await shown.shows("default");
    assert.equal(await shown.focused(), "button");
    assert.equal((await shown.calls())[1]?.[0], "unsubscribe");
    await shown.forbiddenNothing();
  });

  on("pushkit-button subscribes and turns off by the mouse; a press beside the card closes it", async (stage) => {
    const shown = await stage({ element: "button" });
    await shown.click("button");
    await shown.shows("subscribed");
    await shown.click("button");
    await shown.until((root) => root.querySelector("#card")?.checkVisibility(), "card");
    await shown.page.mouse.click(5, 5);
    await shown.until((root) => !root.querySelector("#card")?.checkVisibility(), "no card");
    await shown.click("button");
    await shown.click("off");
    await shown.shows("default");
    await shown.forbiddenNothing();
  });

  on("pushkit-button says what is in the way: Escape closes it and the focus is on the button", async (stage) => {
    for (const [state, reason, words] of /** @type {const} */ ([
      ["blocked", "", /You have blocked notifications/],
      ["install", "", /Home Screen/],
      ["unsupported", "insecure-context", /secure page/],
      ["unsupported", "no-service-worker", /private/],
      ["unsupported", "no-webassembly", /has not set notifications up.*no-webassembly/],
      ["unsupported", "foreign-service-worker", /has not set notifications up.*foreign-service-worker/],
    ])) {
      const shown = await stage({ element: "button", state, ...(reason && { reason }) });
      await shown.look((root) => root.querySelector("button")?.focus());
      await shown.press("Enter");
      await shown.until((root) => root.querySelector("#card")?.checkVisibility(), "card");
      assert.match(await shown.look((root) => root.querySelector("#card")?.textContent ?? ""), words);
      assert.match(await shown.look((root) => root.querySelector("[role=status]")?.textContent ?? ""), words);
      await shown.press("Escape");
      await shown.until((root) => !root.querySelector("#card")?.checkVisibility(), "no card");
      assert.equal(await shown.focused(), "button");
      assert.deepEqual(await shown.calls(), []);
      await shown.forbiddenNothing();
    }
  });

  on("pushkit-button tells how it goes, takes no second press meanwhile, and keeps its size in every state", async (stage) => {
    /** @type {Set<string>} */
    const sizes = new Set();
    for (const state of states.button) {
      const shown = await stage({ element: "button", state, permission: permission(state) });
      if (state === "asking" || state === "busy") {
        await shown.click("button");
        await shown.shows(state);
        assert.equal(await shown.look((root) => root.querySelector("button")?.getAttribute("aria-disabled")), "true");
        await shown.click("button");
        assert.equal((await shown.calls()).length, 1);
        await shown.page.evaluate(() => /** @type {any} */ (window).answer());
        await shown.shows("subscribed");
        assert.match(await shown.look((root) => root.querySelector("[role=status]")?.textContent ?? ""), /are on/);
      }
      sizes.add(await shown.look((_, element) => `${element.offsetWidth}x${element.offsetHeight}`));
    }
    assert.equal(sizes.size, 1, [...sizes].join(" "));
    assert.ok(Number([...sizes][0]?.split("x")[1]) >= 44, "44 pixels high");
  });

  for (const element of ["prompt", "preferences"]) {
    on(`pushkit-${element} takes no second press while the first is under way`, async (stage) => {
      const shown = await stage({ element, state: "busy", permission: "granted" });
      await shown.click("button");
      await shown.shows("busy");
      await shown.click("button");
      await shown.page.evaluate(() => /** @type {any} */ (window).answer());
      await shown.shows("subscribed");
      assert.deepEqual((await shown.calls()).filter(([name]) => name === "subscribe").length, 1);
    });
  }

  for (const state of /** @type {const} */ (["dismissed", "error"])) {
    on(`pushkit-button, ${state}, says so and the next press tries again`, async (stage) => {
      const shown = await stage({ element: "button", state });
      await shown.click("button");
      await shown.shows(state);
      assert.match(await shown.look((root) => root.querySelector("#card")?.textContent ?? ""), state === "error" ? /does not answer/ : /without an answer/);
      await shown.click("button");
      await shown.shows("subscribed");
      await shown.forbiddenNothing();
    });
  }

  on("texts are in the nearest language, and a site's own go first", async (stage) => {
    const label = (/** @type {import("../../elements/stage.mjs").Stage} */ shown) =>
      shown.look((root) => root.querySelector(".shown")?.textContent ?? "");
    for (const [query, text] of /** @type {const} */ ([
      [{ lang: "de-AT" }, "Mitteilungen erhalten"],
      [{ lang: "nl" }, "Get notifications"],
      [{ lang: "zh", label: "Ping" }, "Ping"],
    ])) {
      assert.equal(await label(await stage({ element: "button", ...query })), text);
    }
    const arabic = await stage({ element: "button", lang: "ar" });
    assert.deepEqual(await arabic.look((root) => [root.querySelector("#card")?.getAttribute("dir"), root.querySelector("#card")?.getAttribute("lang")]), ["rtl", "ar"]);
  });

  const isOpen = (/** @type {import("../../elements/stage.mjs").Stage} */ shown) => shown.look((_, element) => element.hasAttribute("open"));
  const opens = (/** @type {import("../../elements/stage.mjs").Stage} */ shown) => shown.until((_, element) => element.hasAttribute("open"), "prompt");
  const goes = (/** @type {import("../../elements/stage.mjs").Stage} */ shown) => shown.until((_, element) => !element.hasAttribute("open"), "end of the prompt");
  /** Awaits that it has decided not to be shown. @param {import("../../elements/stage.mjs").Stage} shown */
  async function staysAway(shown) {
    await until(async () => (await shown.calls()).length, "decision");
    assert.deepEqual(await shown.calls(), [["outcome", "not-shown"]]);
    assert.equal(await isOpen(shown), false);
  }

  on("pushkit-prompt is never shown where push cannot work, is blocked or is there already", async (stage) => {
    for (const state of ["unsupported", "install", "blocked", "subscribed"]) await staysAway(await stage({ element: "prompt", state }));
  });

  on("pushkit-prompt, answered with never, is not shown again; with not now, only after days", async (stage) => {
    const shown = await stage({ element: "prompt" });
    await opens(shown);
    await shown.click("later");
    await goes(shown);
    assert.deepEqual(await shown.calls(), [["outcome", "later"]]);
    await staysAway(await stage({ element: "prompt" }));
    const again = await stage({ element: "prompt", again: "0" });
    await opens(again);
    await again.click("never");
    await goes(again);
    assert.deepEqual(await again.calls(), [["outcome", "no"]]);
    await staysAway(await stage({ element: "prompt", again: "0" }));
    await again.forbiddenNothing();
  });

  on("pushkit-prompt takes Escape for not now, and gives the focus back", async (stage) => {
    const shown = await stage({ element: "prompt", event: "bought" });
    await shown.page.evaluate(() => {
      document.getElementById("before")?.focus();
      document.dispatchEvent(new Event("bought"));
    });
    await opens(shown);
    // Nobody who does something else is interrupted.
    assert.equal(await shown.focused(), "before");
    await shown.press("Tab");
    assert.equal(await shown.focused(), "button");
    await shown.press("Escape");
    await goes(shown);
    assert.equal(await shown.focused(), "before");
    assert.deepEqual(await shown.calls(), [["outcome", "later"]]);
  });

  on("pushkit-prompt subscribes in the person's gesture, and before that asks for nothing", async (stage) => {
    const shown = await stage({ element: "prompt", time: "endless" });
    await opens(shown);
    assert.deepEqual(await shown.calls(), []);
    await shown.click("button");
    await shown.shows("subscribed");
    const calls = await shown.calls();
    assert.deepEqual(calls.map(([name]) => name), ["subscribe", "outcome"]);
    assert.notEqual(calls[0][2], false);
    await shown.click("close");
    await goes(shown);
    await shown.forbiddenNothing();
  });

  on("pushkit-prompt goes by itself once it has said that all is done, and leaves time to read it", async (stage) => {
    const shown = await stage({ element: "prompt" });
    await shown.look((_, element) => {
      for (const type of ["outcome", "close"]) element.addEventListener(type, () => performance.mark(type));
    });
    await opens(shown);
    await shown.click("button");
    await goes(shown);
    assert.deepEqual((await shown.calls()).map(([name, detail]) => (name === "outcome" ? detail : name)), ["subscribe", "subscribed"]);
    assert.match(await shown.look((root) => root.querySelector("#title")?.textContent ?? ""), /are on/);
    const stayed = await shown.page.evaluate(() => performance.measure("farewell", "outcome", "close").duration);
    // Browsers may round a time.
    assert.ok(stayed > 4_900, `it stayed for ${stayed} ms`);
    await shown.forbiddenNothing();
  });

  on("pushkit-prompt waits for the visit, the seconds and the scrolling that the site names", async (stage) => {
    await staysAway(await stage({ element: "prompt", visits: "2" }));
    // Half an hour later.
    const passed = () => {
      const memory = JSON.parse(localStorage.getItem("pushkit:prompt") ?? "");
      localStorage.setItem("pushkit:prompt", JSON.stringify({ ...memory, seen: memory.seen - 1_801_000 }));
    };
    const first = await stage({ element: "button" });
    await first.page.evaluate(passed);
    const shown = await stage({ element: "prompt", visits: "2", seconds: "0.2", scroll: "50" });
    assert.equal(await isOpen(shown), false);
    await shown.page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await opens(shown);
  });

  on("pushkit-preferences saves all channels at once, and leaves those alone that it does not name", async (stage) => {
    const shown = await stage({ element: "preferences", state: "subscribed" });
    const boxes = () => shown.look((root) => [...root.querySelectorAll("input")].map(({ name, checked }) => [name, checked]));
    assert.deepEqual(await boxes(), [["news", true], ["sport", false], ["weather", false]]);
    await shown.look((root) => root.querySelectorAll("input")[1]?.focus());
    await shown.press(" ", "Tab", "Tab", "Enter");
    await shown.until((root) => root.querySelector("[role=status]")?.textContent === "Saved.", "word that it is saved");
    const [[method, channels]] = await shown.calls();
    assert.deepEqual([method, channels.sort()], ["set", ["news", "other", "sport"]]);
    assert.deepEqual(await boxes(), [["news", true], ["sport", true], ["weather", false]]);
    assert.equal(await shown.focused(), "button");
    assert.match(await shown.look((root) => root.querySelector("details")?.textContent ?? ""), /01JDHQ2.*push\.example\.net/);
    await shown.click("off");
    await shown.shows("default");
    await shown.forbiddenNothing();
  });

  on("pushkit-preferences keeps what is chosen while a change from elsewhere arrives, and subscribes to it", async (stage) => {
    const shown = await stage({ element: "preferences" });
    await shown.look((root) => root.querySelectorAll("input")[2]?.focus());
    await shown.press(" ");
    await shown.page.evaluate(() => /** @type {any} */ (window).pushkit.dispatchEvent(new Event("change")));
    await shown.click("button");
    await shown.shows("subscribed");
    assert.deepEqual((await shown.calls())[0].slice(0, 2), ["subscribe", { channels: ["news", "weather"] }]);
  });
}
