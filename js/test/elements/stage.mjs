import assert from "node:assert/strict";
import { until } from "../harness/until.mjs";

/**
 * What is asked of a page, in any browser.
 *
 * @typedef {object} Page
 * @property {(url: string) => Promise<unknown>} goto
 * @property {<Args extends unknown[], T>(work: (...args: Args) => T, ...args: Args) => Promise<Awaited<T>>} evaluate
 * @property {{press: (key: any) => Promise<void>}} keyboard
 * @property {{click: (x: number, y: number) => Promise<void>}} mouse
 */

/** A function of text, which is made here: in a page that forbids eval it could not be. @param {string} body @returns {() => any} */
export const inPage = (body) => /** @type {() => any} */ (new Function(body));

/** What an element shows after a click that had another outcome than the page's state. @type {Record<string, string>} */
const outcomes = { joined: "subscribed", refused: "blocked" };

/** One element in one state on the gallery's page, with a person before it. */
export class Stage {
  /** @param {Page} page */
  constructor(page) {
    this.page = page;
  }

  /**
   * Opens the gallery and awaits that the element shows its state.
   *
   * @param {Page} page
   * @param {string} address of the gallery
   * @param {Record<string, string>} query
   */
  static async open(page, address, query) {
    const stage = new Stage(page);
    await page.goto(`${address}?${new URLSearchParams(query)}`);
    await until(() => page.evaluate(() => /** @type {any} */ (window).element?.hasAttribute("state")), "element's state");
    return stage;
  }

  /** Brings the element to what it is after the click that leads to a state, and awaits that it stands still. @param {string} state */
  async reach(state) {
    await this.#press(state);
    await this.look(async (root) => {
      const ending = root.getAnimations().filter(({ effect }) => effect?.getComputedTiming().endTime !== Infinity);
      await Promise.all(ending.map(({ finished }) => finished));
    });
  }

  /** @param {string} state */
  async #press(state) {
    const closed = ["blocked", "unsupported", "install", "subscribed"];
    const kind = await this.kind();
    // It has its state before it is shown.
    if (kind === "prompt") await this.until((_, element) => element.hasAttribute("open"), "prompt");
    if (state === "default" || state === "pending") return;
    if (kind === "preferences" && closed.includes(state)) return;
    await this.click("button");
    if (closed.includes(state)) await this.until((root) => root.querySelector("#card")?.checkVisibility(), "card");
    else await this.shows(outcomes[state] ?? state);
  }

  kind() {
    return this.page.evaluate(() => /** @type {any} */ (window).element.localName.replace("pushkit-", ""));
  }

  /** Awaits a state. @param {string} state */
  async shows(state) {
    let shown;
    try {
      await until(async () => (shown = await this.page.evaluate(() => /** @type {any} */ (window).element.getAttribute("state"))) === state, state);
    } catch (error) {
      throw new Error(`${/** @type {Error} */ (error).message}; the element shows ${shown}`);
    }
  }

  /**
   * Looks into the element.
   *
   * @template T
   * @param {(root: ShadowRoot, element: HTMLElement) => T} look
   * @returns {Promise<Awaited<T>>}
   */
  async look(look) {
    return this.page.evaluate(inPage(`return (${look})(element.shadowRoot, element)`));
  }

  /**
   * Awaits what the element holds.
   *
   * @param {(root: ShadowRoot, element: HTMLElement) => unknown} look
   * @param {string} what
   */
  async until(look, what) {
    await until(() => this.look(look), what);
  }

  /** Clicks the part with this name that can be seen, as a person does. @param {string} part */
  async click(part) {
    const find = inPage(`
      const found = element.shadowRoot.querySelector('[part="${part}"]');
      if (!found || !found.checkVisibility()) return null;
      found.scrollIntoView({ block: "nearest" });
      const { x, y, width, height } = found.getBoundingClientRect();
      return { x: x + width / 2, y: y + height / 2 };`);
    /** @type {{x: number, y: number} | null} */
    let place = null;
    await until(async () => (place = await this.page.evaluate(find)), `part ${part}`);
    const { x, y } = /** @type {{x: number, y: number}} */ (/** @type {unknown} */ (place));
    await this.page.mouse.click(x, y);
  }

  /** Presses keys, one after the other. @param {...string} keys */
  async press(...keys) {
    for (const key of keys) await this.page.keyboard.press(key);
  }

  /** What the element has asked pushkit for, and its outcomes. @returns {Promise<any[]>} */
  calls() {
    return this.page.evaluate(() => /** @type {any} */ (window).calls);
  }

  /** Which part has the focus. */
  focused() {
    return this.page.evaluate(() => {
      const inside = /** @type {any} */ (window).element.shadowRoot.activeElement;
      return inside ? (inside.getAttribute("part") ?? inside.localName) : document.activeElement?.id || document.activeElement?.localName;
    });
  }

  /** What the page's policy has forbidden, which is to be nothing. */
  async forbiddenNothing() {
    assert.deepEqual(await this.page.evaluate(() => /** @type {any} */ (window).violations), []);
  }
}
