import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import puppeteer from "puppeteer-core";
import { Program, temporaryFolder } from "./program.mjs";
import { PermissionPrompt } from "./prompt.mjs";
import { until, within } from "./until.mjs";

/** Time for a script's promise, in ms: a lock's and more. A browser may leave one pending for ever, such as that of subscribe(). */
const scriptLimit = 90_000;

/** @typedef {import("puppeteer-core").Page} Page */
/** @typedef {Record<string, string | number | boolean>} Preferences */

/**
 * @typedef {object} Options
 * @property {string} [pushService] the websocket's address, ws://127.0.0.1:PORT/; without it there is no push service
 * @property {Record<string, string>} [environment] for example of a Desktop
 * @property {Preferences} [preferences]
 */

/**
 * Preferences of a profile whose push service is on this machine.
 *
 * @param {string | undefined} pushService
 * @returns {Preferences}
 */
function pushPreferences(pushService) {
  return {
    "dom.push.serverURL": pushService ?? "ws://127.0.0.1:9/",
    "dom.push.testing.allowInsecureServerURL": true,
    // The remote agent turns the connection off where it is not named.
    "dom.push.connection.enabled": true,
    // In ms: how soon Firefox connects again, doubled each time up to the second of these.
    "dom.push.retryBaseInterval": 200,
    "dom.push.pingInterval": 2000,
  };
}

/** Keeps Firefox from the internet, from first-run pages and from what a person's first start brings. */
const quiet = {
  "app.normandy.enabled": false,
  "app.update.disabledForTesting": true,
  "browser.aboutwelcome.enabled": false,
  "browser.safebrowsing.malware.enabled": false,
  "browser.safebrowsing.phishing.enabled": false,
  "browser.shell.checkDefaultBrowser": false,
  "browser.startup.homepage_override.mstone": "ignore",
  "browser.tabs.warnOnClose": false,
  "captivedetect.canonicalURL": "",
  "datareporting.policy.dataSubmissionEnabled": false,
  // What pages and workers log is in Firefox's log, which is printed when a test fails.
  "devtools.console.stdout.content": true,
  // In ms: a click may open or focus a window for 1 s only, which a busy machine may need for more than the click.
  "dom.webnotifications.disable_open_click_delay": 10_000,
  // The remote agent sets it, and then WindowClient.focus() leaves the tab in the background.
  "focusmanager.testmode": false,
  "extensions.systemAddon.update.enabled": false,
  "messaging-system.rsexperimentloader.enabled": false,
  "network.captive-portal-service.enabled": false,
  "network.connectivity-service.enabled": false,
  // "Allow" takes no click in the prompt's first half second, lest it be clicked by mistake.
  "security.notification_enable_delay": 0,
  "services.settings.server": "data:,#remote-settings-dummy/v1",
  "toolkit.telemetry.reportingpolicy.firstRun": false,
};

/**
 * Makes a fresh profile.
 *
 * @param {Preferences} preferences
 */
function profile(preferences) {
  const folder = temporaryFolder("firefox");
  const lines = Object.entries({ ...quiet, ...preferences }).map(
    ([name, value]) => `user_pref(${JSON.stringify(name)}, ${JSON.stringify(value)});\n`,
  );
  mkdirSync(join(folder, "profile"));
  writeFileSync(join(folder, "profile", "user.js"), lines.join(""));
  return folder;
}

/**
 * Starts Firefox on a profile's folder, headless unless the environment has a display for it.
 *
 * @param {string} folder of profile()
 * @param {string[]} args
 * @param {Record<string, string>} [environment]
 */
function run(folder, args, environment = {}) {
  const { DISPLAY: _x, WAYLAND_DISPLAY: _w, DBUS_SESSION_BUS_ADDRESS: _bus, ...env } = process.env;
  const command = process.env["PUSHKIT_TEST_FIREFOX"] ?? "firefox-esr";
  const headless = environment["DISPLAY"] ? [] : ["--headless"];
  return new Program("firefox", command, ["--no-remote", ...headless, "--profile", join(folder, "profile"), ...args], {
    env: { ...env, HOME: folder, MOZ_CRASHREPORTER_DISABLE: "1", ...environment },
  });
}

/** Stock Firefox on a profile of its own, driven over WebDriver BiDi. */
export class Firefox {
  #options;
  #folder;
  /** @type {Program} */
  #program;
  /** @type {import("puppeteer-core").Browser} */
  browser;
  /** The permission prompt, which only a real click opens. @type {PermissionPrompt} */
  prompt;

  /**
   * @param {Options} options
   * @param {string} folder
   * @param {Awaited<ReturnType<typeof connect>>} connected
   */
  constructor(options, folder, connected) {
    this.#options = options;
    this.#folder = folder;
    this.#program = connected.program;
    this.browser = connected.browser;
    this.prompt = new PermissionPrompt(this);
  }

  /** @param {Options} [options] */
  static async start(options = {}) {
    const folder = profile({ ...pushPreferences(options.pushService), ...options.preferences });
    const firefox = new Firefox(options, folder, await connect(folder, options));
    await firefox.#pushReady();
    return firefox;
  }

  /** The folder of the profile. */
  get profile() {
    return join(this.#folder, "profile");
  }

  /** Awaits the end of Firefox, however it comes, and tells how. */
  get ended() {
    return this.#program.exit;
  }

  /**
   * Opens a page in a new tab, an empty one without an address.
   *
   * @param {string} [url]
   * @returns {Promise<Page>}
   */
  async newPage(url) {
    const page = await this.browser.newPage();
    if (url !== undefined) await page.goto(url);
    return page;
  }

  /** @returns {Promise<Page[]>} of all tabs */
  pages() {
    return this.browser.pages();
  }

  /**
   * Sets what a person has decided for an origin, without a prompt.
   *
   * @param {string} origin
   * @param {"granted" | "denied" | "prompt"} state "prompt" is undecided
   * @param {string} [name] of the Permissions API
   */
  async setPermission(origin, state, name = "notifications") {
    await this.send("permissions.setPermission", { descriptor: { name }, state, origin });
  }

  /**
   * Sets what the person has asked of the system, for all pages; null is nothing.
   *
   * @param {{forcedColors?: "active" | null, reducedMotion?: "reduce" | null}} media
   */
  async emulateMedia({ forcedColors, reducedMotion }) {
    const set = (/** @type {string} */ name, /** @type {number} */ value) => this.evaluateInChrome(`Services.prefs.setIntPref("${name}", ${value})`);
    // 2 is always, 0 where the system has high contrast.
    if (forcedColors !== undefined) await set("browser.display.document_color_use", forcedColors ? 2 : 0);
    if (reducedMotion !== undefined) await set("ui.prefersReducedMotion", reducedMotion ? 1 : 0);
  }

  /**
   * Runs a script in a page that has no user gesture; puppeteer's own evaluate counts as one.
   *
   * @param {Page} page
   * @param {string} expression its promise is awaited
   * @returns {Promise<any>} of what JSON can hold
   */
  async evaluateWithoutGesture(page, expression) {
    return this.evaluateIn({ context: contextID(page) }, expression);
  }

  /**
   * Runs a script in the browser's own window, where the prompts are.
   *
   * @param {string} expression its promise is awaited
   * @returns {Promise<any>} of what JSON can hold
   */
  async evaluateInChrome(expression) {
    const find = async () => {
      const { contexts } = await this.send("browsingContext.getTree", { "moz:scope": "chrome" });
      return contexts.find((/** @type {{url: string}} */ c) => c.url.includes("browser.xhtml"));
    };
    // It may come after the connection.
    const { context } = await until(find, "window of Firefox");
    return this.evaluateIn({ context }, expression);
  }

  /**
   * @param {object} target
   * @param {string} expression
   */
  async evaluateIn(target, expression) {
    const sent = this.send("script.evaluate", {
      // A JSON text, so that there is no second way of reading values beside puppeteer's.
      expression: `Promise.resolve(${expression}).then((value) => JSON.stringify(value))`,
      target,
      awaitPromise: true,
      userActivation: false,
    });
    const answer = await within(sent, `answer to ${expression}`, scriptLimit);
    if (answer.type === "exception") throw new Error(answer.exceptionDetails.text);
    return answer.result.type === "string" ? JSON.parse(answer.result.value) : undefined;
  }

  /**
   * Sends a WebDriver BiDi command that puppeteer has no method for.
   *
   * @param {string} method
   * @param {object} params
   * @returns {Promise<any>}
   */
  async send(method, params) {
    // Firefox has one BiDi session, so this goes over puppeteer's connection.
    const { connection } = /** @type {{connection: {send(m: string, p: object): Promise<{result: any}>}}} */ (
      /** @type {unknown} */ (this.browser)
    );
    return (await connection.send(method, params)).result;
  }

  /** Ends Firefox as a person does, and starts it again with the same profile. Pages are gone, subscriptions are kept. */
  async restart() {
    await this.close();
    await this.open();
  }

  /**
   * Starts Firefox again after close() or kill(); with a page, which it opens as it starts, its push service comes when it will.
   *
   * @param {string} [url]
   */
  async open(url) {
    ({ program: this.#program, browser: this.browser } = await connect(this.#folder, this.#options, url));
    if (url === undefined) await this.#pushReady();
  }

  /**
   * Firefox starts its push service a second or so after its first window, and a page's subscribe() that comes earlier is
   * lost: its promise never settles, though the browser connects. So the start is not left to chance.
   */
  async #pushReady() {
    await this.evaluateInChrome(`Cc["@mozilla.org/push/Service;1"].getService().wrappedJSObject.ensureReady()`);
  }

  async close() {
    // Not awaited: the connection may end before the answer.
    this.send("browser.close", {}).catch(() => {});
    await this.#program.ended();
  }

  /** Ends Firefox as a crash does. */
  async kill() {
    await this.#program.end("SIGKILL");
  }
}

/** @param {Page} page */
function contextID(page) {
  return /** @type {{_id: string}} */ (/** @type {unknown} */ (page.mainFrame()))._id;
}

/**
 * @param {string} folder
 * @param {Options} options
 * @param {string} [url]
 */
async function connect(folder, options, url = "about:blank") {
  const args = ["--remote-debugging-port=0", "--remote-allow-system-access", url];
  const program = run(folder, args, options.environment);
  const [, address] = await program.line(/WebDriver BiDi listening on (ws:\/\/\S+)/);
  const browser = await puppeteer.connect({
    browserWSEndpoint: `${address}/session`,
    protocol: "webDriverBiDi",
    defaultViewport: null,
  });
  return { program, browser };
}
