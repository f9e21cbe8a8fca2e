import { within } from "./until.mjs";

/** Time for a script's promise, in ms: a lock's and more. A browser may leave one pending for ever, such as that of subscribe(). */
const scriptLimit = 90_000;

/** A tab of Chromium, with as much of puppeteer's Page as the cases need. */
export class ChromiumPage {
  #page;
  #session;

  /** @param {import("playwright-core").Page} page */
  constructor(page) {
    this.#page = page;
    this.#session = page.context().newCDPSession(page);
    // A tab may be gone at once; whoever uses it then is told.
    this.#session.catch(() => {});
  }

  /** @param {string} url */
  async goto(url) {
    await this.#page.goto(url);
  }

  async reload() {
    await this.#page.reload();
  }

  url() {
    return this.#page.url();
  }

  /**
   * Clicks as a person does.
   *
   * @param {string} selector
   */
  async click(selector) {
    await this.#page.click(selector);
  }

  get keyboard() {
    return this.#page.keyboard;
  }

  get mouse() {
    return this.#page.mouse;
  }

  /**
   * Sets what the person has asked of the system; null is nothing.
   *
   * @param {{forcedColors?: "active" | null, reducedMotion?: "reduce" | null}} media
   */
  async emulateMedia(media) {
    await this.#page.emulateMedia(media);
  }

  /** The processor time that the page's main thread has had, in ms. */
  async threadTime() {
    const session = await this.#session;
    await session.send("Performance.enable", { timeDomain: "threadTicks" });
    const { metrics } = await session.send("Performance.getMetrics");
    return 1000 * (metrics.find(({ name }) => name === "TaskDuration")?.value ?? NaN);
  }

  /**
   * A picture of a window of this size.
   *
   * @param {{width: number, height: number}} size
   */
  async screenshot(size) {
    await this.#page.setViewportSize(size);
    return this.#page.screenshot();
  }

  async bringToFront() {
    await this.#page.bringToFront();
  }

  /**
   * Runs a function in the page, in a user gesture.
   *
   * @template {unknown[]} Args
   * @template T
   * @param {(...args: Args) => T} work its promise is awaited; gives what JSON can hold
   * @param {Args} args
   * @returns {Promise<Awaited<T>>}
   */
  evaluate(work, ...args) {
    return this.run(call(work, args), true);
  }

  /**
   * Runs a function with the element that a selector finds.
   *
   * @template T
   * @param {string} selector
   * @param {(element: Element) => T} work
   * @returns {Promise<Awaited<T>>}
   */
  $eval(selector, work) {
    return this.run(`(${work})(document.querySelector(${JSON.stringify(selector)}))`, true);
  }

  /**
   * Runs a function in each document of this tab from now on, before its own scripts.
   *
   * @template {unknown[]} Args
   * @param {(...args: Args) => void} work
   * @param {Args} args
   */
  async evaluateOnNewDocument(work, ...args) {
    await this.#page.addInitScript({ content: call(work, args) });
  }

  /**
   * Runs a script. By the debugging protocol itself: playwright's own evaluate uses eval, which a page's policy may forbid,
   * and always counts as a user gesture.
   *
   * @param {string} expression its promise is awaited
   * @param {boolean} userGesture
   * @returns {Promise<any>} of what JSON can hold
   */
  async run(expression, userGesture) {
    const session = await this.#session;
    const sent = session.send("Runtime.evaluate", { expression, userGesture, awaitPromise: true, returnByValue: true });
    const { result, exceptionDetails } = await within(sent, `answer to ${expression}`, scriptLimit);
    if (exceptionDetails) throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
    return result.value;
  }

  async close() {
    await this.#page.close();
  }
}

/**
 * @param {Function} work
 * @param {unknown[]} args
 */
function call(work, args) {
  return `(${work})(...${JSON.stringify(args)})`;
}
