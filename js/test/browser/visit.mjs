import { until } from "../harness/until.mjs";

/** @typedef {Awaited<ReturnType<typeof import("../harness/setup.mjs").setup>>} World */

/** A person's visit to the plain example, in a tab of its own. */
export class Visit {
  /**
   * @param {World} world
   * @param {import("puppeteer-core").Page} page
   */
  constructor(world, page) {
    this.world = world;
    this.page = page;
  }

  /**
   * Opens the page and awaits that it shows how things stand.
   *
   * @param {World} world
   * @param {string} [path]
   */
  static async start(world, path = "/") {
    const page = await world.firefox.browser.newPage();
    const visit = new Visit(world, page);
    await page.goto(world.site.origin + path);
    await until(async () => !(await visit.text("#status")).startsWith("Asking"), "status on the page");
    return visit;
  }

  /** @param {string} selector */
  text(selector) {
    return this.page.$eval(selector, (element) => element.textContent ?? "");
  }

  /**
   * Awaits what the page says of the subscription.
   *
   * @param {string} sentence
   */
  async says(sentence) {
    await until(async () => (await this.text("#status")) === sentence, `"${sentence}" on the page`);
  }

  /** What pushkit.status() says. */
  status() {
    return this.page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      return pushkit.status();
    }, this.world.server.url);
  }

  async end() {
    await this.page.close();
  }
}
