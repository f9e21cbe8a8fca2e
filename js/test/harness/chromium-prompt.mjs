import { until } from "./until.mjs";

const binding = "pushkitTestAsks";

/**
 * @typedef {object} Question
 * @property {string} origin
 * @property {(answer: string) => void} answer "dismiss" is no answer
 */

/** Stands before Notification.requestPermission(). @param {string} ask */
function wrap(ask) {
  if (typeof Notification === "undefined") return;
  const original = Notification.requestPermission.bind(Notification);
  Notification.requestPermission = async (callback) => {
    if (Notification.permission === "default") {
      const answer = await /** @type {any} */ (window)[ask]();
      if (answer === "dismiss") {
        callback?.("default");
        return "default";
      }
    }
    return original(callback);
  };
}

/**
 * The person's answer to Chromium's permission prompt for notifications. Without a window Chromium denies at once, and for
 * good. So the page's requestPermission() waits here for what the test answers, and that is set as the browser's permission
 * before the browser's own requestPermission() is called.
 */
export class ChromiumPrompt {
  #chromium;
  /** @type {Question | undefined} */
  #question;

  /** @param {import("./chromium.mjs").Chromium} chromium */
  constructor(chromium) {
    this.#chromium = chromium;
  }

  /**
   * Prepares the pages of a context.
   *
   * @param {import("playwright-core").BrowserContext} context
   */
  async install(context) {
    this.#question = undefined;
    await context.exposeBinding(binding, ({ frame, page }) => {
      const { origin } = new URL(frame.url());
      // A second question takes the place of the first, as in a browser.
      this.#question?.answer("dismiss");
      return new Promise((resolve) => {
        const question = { origin, answer: resolve };
        this.#question = question;
        const forget = () => {
          if (this.#question === question) this.#question = undefined;
        };
        page.once("close", forget);
        page.once("framenavigated", forget);
      });
    });
    await context.addInitScript({ content: `(${wrap})(${JSON.stringify(binding)})` });
  }

  /** Awaits the prompt. */
  async open() {
    await until(() => this.#question, "permission prompt");
  }

  /** @returns {Promise<boolean>} */
  async isOpen() {
    return this.#question !== undefined;
  }

  /** Clicks "Allow", as a person does. */
  allow() {
    return this.#answer("granted");
  }

  /** Clicks "Block", as a person does. */
  deny() {
    return this.#answer("denied");
  }

  /** Makes the prompt go without an answer. */
  dismiss() {
    return this.#answer(undefined);
  }

  /** @param {"granted" | "denied" | undefined} permission */
  async #answer(permission) {
    await this.open();
    const { origin, answer } = /** @type {Question} */ (this.#question);
    this.#question = undefined;
    if (permission) await this.#chromium.setPermission(origin, permission);
    answer(permission ?? "dismiss");
  }
}
