/** The key of an element's reference (WebDriver, section 12.1). */
const elementKey = "element-6066-11e4-a52e-4f735466cecf";

/** Keys by their names (WebDriver, section 17.4.2). @type {Record<string, string>} */
const keys = { Enter: "\uE007", Tab: "\uE004", Escape: "\uE00C" };

/** A window of WebKit, with as much of puppeteer's Page as the cases need. */
export class WebKitPage {
  #command;

  /** @param {(method: string, path: string, body?: object) => Promise<any>} command goes to this window */
  constructor(command) {
    this.#command = command;
  }

  /**
   * Opens an address and awaits its load event.
   *
   * @param {string} url
   */
  async goto(url) {
    await this.#command("POST", "/url", { url });
  }

  async reload() {
    await this.#command("POST", "/refresh", {});
  }

  /**
   * Clicks as a person does, which is a user gesture.
   *
   * @param {string} selector
   */
  async click(selector) {
    const element = await this.#command("POST", "/element", { using: "css selector", value: selector });
    await this.#command("POST", `/element/${element[elementKey]}/click`, {});
  }

  keyboard = {
    /** @param {string} key by its name, or the character that it types */
    press: async (key) => {
      const value = keys[key] ?? key;
      await this.#act({ type: "key", id: "keyboard", actions: [{ type: "keyDown", value }, { type: "keyUp", value }] });
    },
  };

  mouse = {
    /** @param {number} x @param {number} y from the window's corner, in CSS pixels */
    click: async (x, y) => {
      const move = { type: "pointerMove", duration: 0, x: Math.round(x), y: Math.round(y) };
      const press = [{ type: "pointerDown", button: 0 }, { type: "pointerUp", button: 0 }];
      await this.#act({ type: "pointer", id: "mouse", parameters: { pointerType: "mouse" }, actions: [move, ...press] });
    },
  };

  /** @param {object} source of input */
  async #act(source) {
    await this.#command("POST", "/actions", { actions: [source] });
  }

  /**
   * Gives an element's text.
   *
   * @param {string} selector
   */
  text(selector) {
    return this.evaluate((selector) => document.querySelector(selector)?.textContent ?? "", selector);
  }

  /**
   * Runs a function in the page, without a user gesture.
   *
   * @template {unknown[]} Args
   * @template T
   * @param {(...args: Args) => T} work its promise is awaited; gives what JSON can hold
   * @param {Args} args
   * @returns {Promise<Awaited<T>>}
   */
  async evaluate(work, ...args) {
    // In a function of its own, so that an error is told with its stack instead of WebDriver's "javascript error".
    const script = `
      const [args, done] = arguments;
      const work = async () => (${work})(...args);
      work().then((value) => done({ value }), (error) => done({ error: error + "\\n" + error?.stack }));`;
    const { error, value } = await this.#command("POST", "/execute/async", { script, args: [args] });
    if (error) throw new Error(error);
    return value;
  }

  /**
   * A picture of a window of this size.
   *
   * @param {{width: number, height: number}} size
   */
  async screenshot(size) {
    await this.#command("POST", "/window/rect", size);
    return Buffer.from(await this.#command("GET", "/screenshot"), "base64");
  }

  async close() {
    await this.#command("DELETE", "/window");
  }
}
