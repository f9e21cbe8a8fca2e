import assert from "node:assert/strict";
import { test } from "node:test";
import { everything, permission, states } from "../../elements/gallery.mjs";

/** @typedef {import("../../elements/stage.mjs").Stage} Stage */

/**
 * @typedef {object} Tab of an origin where nothing has happened yet
 * @property {(query: Record<string, string>, path?: string) => Promise<Stage>} stage
 * @property {(media: {forcedColors?: "active" | null, reducedMotion?: "reduce" | null}) => Promise<void>} [emulateMedia]
 * @property {() => Promise<void>} close
 */

/**
 * Windows in CSS pixels, with letters in percent of their size: a small phone, which is also 1280 pixels at 400 % (WCAG 2.2,
 * 1.4.10), and 1280 at 200 %. The narrowest first, since it has the least place for a card that opens.
 */
const windows = [
  { width: 320, height: 568, letters: 200 },
  { width: 320, height: 568, letters: 100 },
  { width: 320, height: 256, letters: 100 },
  { width: 640, height: 480, letters: 200 },
];

/** @type {{name: string, query: Record<string, string>}[]} */
const directions = [
  { name: "left to right", query: {} },
  { name: "right to left", query: { lang: "ar", dir: "rtl" } },
  // The language of the longest words.
  { name: "in German", query: { lang: "de" } },
];

/** What is shown with much text. */
const long = /^(default|subscribed|install|joined|blocked samsung|unsupported foreign|error unexpected)/;

/**
 * In the page: what of the element is beside a window of this size, or cut off.
 *
 * @param {(typeof windows)[number]} size
 */
function outside(size) {
  const frame = /** @type {HTMLIFrameElement} */ (document.querySelector("iframe"));
  frame.width = `${size.width}`;
  frame.height = `${size.height}`;
  /** @type {HTMLElement} */
  const element = /** @type {any} */ (window).element;
  const page = element.ownerDocument.documentElement;
  page.style.fontSize = `${size.letters}%`;
  const width = page.clientWidth;
  const seen = [...(element.shadowRoot?.querySelectorAll("*:not(.heard)") ?? [])].filter((one) => one.checkVisibility({ visibilityProperty: true }));
  const out = seen.filter((one) => {
    const { left, right } = one.getBoundingClientRect();
    // Half a pixel is how browsers round.
    return left < -0.5 || right > width + 0.5;
  });
  const cut = seen.filter((one) => one instanceof HTMLElement && one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).overflowX !== "visible");
  return {
    scrolls: page.scrollWidth - width,
    out: out.map((one) => `${JSON.stringify(one.getBoundingClientRect())} ${one.outerHTML.slice(0, 200)}`),
    cut: cut.map((one) => one.outerHTML.slice(0, 200)),
  };
}

/**
 * The elements for whoever sees, moves and reads otherwise: narrow windows and large letters, the keyboard alone, forced
 * colours, reduced motion.
 *
 * @param {() => Promise<Tab>} open
 * @param {string} [without] why the browser cannot be told a person's settings
 */
export function elementsAdapt(open, without) {
  /**
   * @param {string} name
   * @param {(tab: Required<Tab>) => Promise<void>} work
   * @param {{skip?: string | false}} [options]
   */
  const on = (name, work, options = {}) =>
    test(name, options, async () => {
      const tab = await open();
      await work(/** @type {Required<Tab>} */ (tab));
      await tab.close();
    });

  for (const [element, all] of Object.entries(everything)) {
    on(`pushkit-${element} fits into narrow windows and takes large letters, without scrolling to the side`, async ({ stage }) => {
      for (const direction of directions) {
        for (const { name, query } of all) {
          // What is longest, where a direction or language has no instructions of its own.
          if (direction !== directions[0] && !long.test(name)) continue;
          const { width, height, letters } = /** @type {(typeof windows)[number]} */ (windows[0]);
          const shown = await stage({ element, ...query, ...direction.query, width: `${width}`, height: `${height}`, letters: `${letters}%` }, "/gallery-sized.html");
          await shown.reach(/** @type {string} */ (query["state"]));
          for (const size of windows) {
            const found = await shown.page.evaluate(outside, size);
            assert.deepEqual(found, { scrolls: 0, out: [], cut: [] }, `${name}, ${JSON.stringify(size)}, ${direction.name}`);
          }
          await shown.page.evaluate(() => localStorage.clear());
        }
      }
    });
  }

  for (const { element, state, order } of [
    { element: "button", state: "blocked", order: ["button", "body"] },
    { element: "button", state: "subscribed", order: ["button", "off", "body"] },
    { element: "prompt", state: "default", order: ["button", "later", "never", "body"] },
    { element: "preferences", state: "subscribed", order: ["checkbox", "checkbox", "checkbox", "button", "off", "summary", "body"] },
  ]) {
    on(`pushkit-${element}, ${state}, is walked through by Tab in the order that it is read in, and shows where the focus is`, async ({ stage }) => {
      const shown = await stage({ element, state });
      await shown.reach(element === "button" ? state : "default");
      await shown.page.evaluate(() => document.getElementById("before")?.focus());
      const walked = [];
      for (const _ of order) {
        await shown.press("Tab");
        const focused = await shown.focused();
        const inside = order.includes(String(focused)) && focused !== "body";
        walked.push(inside ? focused : "body");
        if (!inside) break;
        const outline = await shown.look((root) => {
          // WebKitGTK's window has the focus only where a window manager gives it.
          if (!document.hasFocus()) return null;
          const { outlineStyle, outlineWidth, outlineColor } = getComputedStyle(/** @type {Element} */ (root.activeElement));
          return { outlineStyle, outlineWidth, seen: outlineColor !== "rgba(0, 0, 0, 0)" };
        });
        if (outline) assert.deepEqual(outline, { outlineStyle: "solid", outlineWidth: "3px", seen: true }, String(focused));
      }
      assert.deepEqual(walked, order);
    });
  }

  on("pushkit-preferences opens what is known by the keyboard", async ({ stage }) => {
    const shown = await stage({ element: "preferences", state: "subscribed" });
    await shown.look((root) => root.querySelector("summary")?.focus());
    await shown.press("Enter");
    await shown.until((root) => root.querySelector("dd")?.checkVisibility(), "what is known");
  });

  on("forced colours leave every control its edge, and every icon its lines", async ({ stage, emulateMedia }) => {
    await emulateMedia({ forcedColors: "active" });
    for (const [element, all] of Object.entries(states)) {
      for (const state of all) {
        const shown = await stage({ element, state, permission: permission(state) });
        await shown.reach(state);
        await shown.until(() => matchMedia("(forced-colors: active)").matches, "forced colours");
        const bare = await shown.look((root) => {
          const seen = [...root.querySelectorAll("button, .card, path")].filter((one) => one.checkVisibility({ visibilityProperty: true }));
          /** The colour of what lies behind. @param {Element | null} one @returns {string} */
          const behind = (one) => {
            for (; one; one = one.parentElement) {
              const { backgroundColor } = getComputedStyle(one);
              if (!/, 0\)$|transparent/.test(backgroundColor)) return backgroundColor;
            }
            return getComputedStyle(document.body).backgroundColor;
          };
          return seen
            .filter((one) => {
              const { borderTopColor, borderTopWidth, stroke } = getComputedStyle(one);
              const line = one.localName === "path" ? stroke : borderTopColor;
              return line === behind(one.parentElement) || (one.localName !== "path" && borderTopWidth === "0px");
            })
            .map((one) => one.outerHTML.slice(0, 200));
        });
        assert.deepEqual(bare, [], `${element} ${state}`);
        await shown.page.evaluate(() => localStorage.clear());
      }
    }
    await emulateMedia({ forcedColors: null });
  }, { skip: without ?? false });

  on("a prompt moves in, and stands still at once for a person who asks for less motion", async ({ stage, emulateMedia }) => {
    /** @param {Stage} shown */
    const moving = (shown) =>
      shown.look((root) => {
        const card = /** @type {Element} */ (root.querySelector("#title")?.closest("[role=dialog]"));
        return getComputedStyle(card).animationName;
      });
    const shown = await stage({ element: "prompt" });
    assert.equal(await moving(shown), "rise");
    await emulateMedia({ reducedMotion: "reduce" });
    const still = await stage({ element: "prompt" });
    await still.until(() => matchMedia("(prefers-reduced-motion: reduce)").matches, "less motion");
    assert.equal(await moving(still), "none");
    await emulateMedia({ reducedMotion: null });
  }, { skip: without ?? false });
}
