import { join } from "node:path";
import { after, before, describe } from "node:test";
import { root } from "../harness/repository.mjs";
import { setup, setupChromium } from "../harness/setup.mjs";
import { until } from "../harness/until.mjs";

/** How many origins a world has for its cases. */
const origins = 128;

/** A name of this machine under which pages are no secure context. */
export const insecureHost = "insecure.example.com";

/** @typedef {import("../harness/chromium-page.mjs").ChromiumPage} ChromiumPage */
/** @typedef {import("../harness/chromium.mjs").Chromium} Chromium */

/**
 * What the cases ask of a page, which puppeteer's for Firefox has as well.
 *
 * @typedef {Pick<ChromiumPage, "goto" | "reload" | "url" | "click" | "evaluate" | "$eval" | "evaluateOnNewDocument" | "bringToFront" | "close">} Page
 */

/**
 * What the cases ask of a browser.
 *
 * @typedef {object} Browser
 * @property {(url?: string) => Promise<Page>} newPage
 * @property {() => Promise<Page[]>} pages
 * @property {Chromium["setPermission"]} setPermission
 * @property {(page: Page, expression: string) => Promise<any>} evaluateWithoutGesture
 * @property {Pick<Chromium["prompt"], "allow" | "deny" | "dismiss" | "isOpen">} prompt
 * @property {string} profile its folder
 * @property {() => Promise<void>} close
 * @property {(url?: string) => Promise<void>} open
 */

/** Everything that a push goes through, and for each case an origin where nothing has happened yet. */
export class World {
  #next = 1;

  /**
   * @param {Omit<Awaited<ReturnType<typeof setup>>, "firefox">} parts
   * @param {"firefox" | "chromium"} name of the browser
   * @param {unknown} browser
   */
  constructor(parts, name, browser) {
    this.name = name;
    this.desktop = parts.desktop;
    this.emulator = parts.emulator;
    this.site = parts.site;
    this.browser = /** @type {Browser} */ (browser);
    this.server = parts.server;
    this.serve = parts.serve;
    this.stop = parts.stop;
  }

  /**
   * @param {"firefox" | "chromium"} [name] of the browser
   * @param {{ahead?: number}} [clock] how far the browser's is ahead, in seconds
   */
  static async start(name = "firefox", clock = {}) {
    const options = {
      ...clock,
      folder: join(root, "examples/plain"),
      /** @param {import("../harness/site.mjs").Site} site */
      flags: (site) => Array.from({ length: origins }, (_, i) => `--allowed-origins=${originOf(site, i + 1)}`),
    };
    if (name === "chromium") {
      const { chromium, ...parts } = await setupChromium({ ...options, localHosts: [insecureHost] });
      return new World(parts, name, chromium);
    }
    const { firefox, ...parts } = await setup({ ...options, preferences: { "network.dns.localDomains": insecureHost } });
    return new World(parts, name, firefox);
  }

  /**
   * Takes push from the browser, or gives it back. Only Firefox has a setting for it.
   *
   * @param {boolean} enabled
   */
  async enablePush(enabled) {
    await this.#firefox.evaluateInChrome(`Services.prefs.setBoolPref("dom.push.enabled", ${enabled})`);
  }

  /**
   * Lets the browser's own subscribe() stay unsettled while no push service answers. Chromium's does; Firefox's would fail
   * after 10 s.
   *
   * @param {boolean} unsettled
   */
  async leaveSubscribeUnsettled(unsettled) {
    if (this.name !== "firefox") return;
    await this.#firefox.evaluateInChrome(`Services.prefs.setIntPref("dom.push.requestTimeout", ${unsettled ? 600_000 : 10_000})`);
  }

  get #firefox() {
    return /** @type {import("../harness/firefox.mjs").Firefox} */ (/** @type {unknown} */ (this.browser));
  }

  /** An origin of the site that the server allows and that the browser has not seen. */
  newOrigin() {
    if (this.#next > origins) throw new Error("more cases than origins");
    return originOf(this.site, this.#next++);
  }

  /** The ids of all subscriptions that the server has. */
  async subscriptions() {
    const { body } = await this.server.api("GET", "/v1/subscriptions?limit=1000");
    return body.data.map((/** @type {{id: string}} */ { id }) => id);
  }

  /**
   * A message as the server knows it.
   *
   * @param {string} id
   */
  async message(id) {
    return (await this.server.api("GET", `/v1/messages/${id}`)).body;
  }

  /**
   * Awaits a message's counts.
   *
   * @param {string} id
   * @param {Record<string, number>} counts
   */
  async counted(id, counts) {
    /** @type {any} */
    let message;
    try {
      await until(async () => {
        message = await this.message(id);
        return Object.entries(counts).every(([name, count]) => message.counts[name] === count);
      }, `counts ${JSON.stringify(counts)}`);
    } catch (error) {
      throw new Error(`${/** @type {Error} */ (error).message}; they are ${JSON.stringify(message.counts)}`);
    }
  }
}

/**
 * Registers cases for a browser, in a world that is started once for all of them.
 *
 * @param {"firefox" | "chromium"} browser
 * @param {(theWorld: () => World) => void} cases
 */
export function inAWorld(browser, cases) {
  describe(browser, () => {
    /** @type {World} */
    let world;

    before(async () => {
      world = await World.start(browser);
    });

    after(() => world?.stop());

    cases(() => world);
  });
}

/**
 * @param {import("../harness/site.mjs").Site} site
 * @param {number} number
 */
function originOf(site, number) {
  return site.origin.replace("localhost", `case${number}.localhost`);
}
