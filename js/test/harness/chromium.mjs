import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { ChromiumPage } from "./chromium-page.mjs";
import { ChromiumPrompt } from "./chromium-prompt.mjs";
import { Program, temporaryFolder } from "./program.mjs";

/**
 * @typedef {object} Options
 * @property {string} [pushService] the emulator's HTTP address; without it there is no push service
 * @property {Record<string, string>} [environment] for example of a Desktop
 * @property {string[]} [localHosts] names that stand for this machine; all but these and localhost cannot be resolved
 */

/** @typedef {"granted" | "denied" | "prompt"} Permission "prompt" is undecided */

/** Keeps Chromium from what a person's first start brings, and from work of its own beside the tests. */
const quiet = [
  "--headless",
  "--no-first-run",
  "--no-default-browser-check",
  "--disable-search-engine-choice-screen",
  "--disable-component-update",
  "--disable-sync",
  "--disable-extensions",
  "--password-store=basic",
  // A tab behind others stays as quick as the one in front.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
];

/** Content settings in a profile's Preferences. */
const settings = /** @type {const} */ ({ granted: 1, denied: 2 });

/**
 * The flags by which Chromium uses the emulator as its push service.
 *
 * @param {string | undefined} emulator
 * @returns {Promise<string[]>}
 */
async function pushFlags(emulator) {
  if (emulator === undefined) return ["--gcm-checkin-url=http://127.0.0.1:9/", "--gcm-registration-url=http://127.0.0.1:9/"];
  return (await (await fetch(`${emulator}/api/browser`)).json()).chromium;
}

/** Stock Chromium, headless, on a profile of its own, driven over its debugging protocol. */
export class Chromium {
  #options;
  #folder;
  /** What was decided, by origin: Chromium forgets at its end what it is told over its protocol. @type {Map<string, Permission>} */
  #permissions = new Map();
  /** @type {Program} */
  #program;
  /** @type {import("playwright-core").Browser} */
  #browser;
  /** @type {import("playwright-core").CDPSession} */
  #session;
  /** @type {WeakMap<import("playwright-core").Page, ChromiumPage>} */
  #pages = new WeakMap();
  /** Asks in the browser's stead, since without a window nobody can answer: see ChromiumPrompt. */
  prompt = new ChromiumPrompt(this);

  /**
   * @param {Options} options
   * @param {string} folder
   * @param {Awaited<ReturnType<typeof connect>>} connected
   */
  constructor(options, folder, connected) {
    this.#options = options;
    this.#folder = folder;
    this.#program = connected.program;
    this.#browser = connected.browser;
    this.#session = connected.session;
  }

  /** @param {Options} [options] */
  static async start(options = {}) {
    const folder = temporaryFolder("chromium");
    const started = new Chromium(options, folder, await connect(folder, options));
    await started.prompt.install(started.#context);
    return started;
  }

  /** The folder of the profile. */
  get profile() {
    return join(this.#folder, "profile");
  }

  /** Awaits the end of Chromium, however it comes, and tells how. */
  get ended() {
    return this.#program.exit;
  }

  /** The profile's own context: in one that is made, subscribe() fails. */
  get #context() {
    const [context] = this.#browser.contexts();
    if (!context) throw new Error("Chromium has no profile");
    return context;
  }

  /**
   * Opens a page in a new tab.
   *
   * @param {string} [url] an empty page without it
   */
  async newPage(url) {
    const page = this.#tab(await this.#context.newPage());
    if (url !== undefined) await page.goto(url);
    return page;
  }

  /** The open tabs. */
  async pages() {
    return this.#context.pages().map((page) => this.#tab(page));
  }

  /** @param {import("playwright-core").Page} page */
  #tab(page) {
    let tab = this.#pages.get(page);
    if (!tab) this.#pages.set(page, (tab = new ChromiumPage(page)));
    return tab;
  }

  /**
   * Sets what a person has decided for an origin, without a prompt.
   *
   * @param {string} origin
   * @param {Permission} state
   * @param {string} [name] of the Permissions API
   */
  async setPermission(origin, state, name = "notifications") {
    if (name === "notifications") this.#permissions.set(origin, state);
    await this.send("Browser.setPermission", { origin, permission: { name }, setting: state });
  }

  /**
   * Runs a script in a page that has no user gesture.
   *
   * @param {ChromiumPage} page
   * @param {string} expression its promise is awaited
   * @returns {Promise<any>} of what JSON can hold
   */
  evaluateWithoutGesture(page, expression) {
    return page.run(expression, false);
  }

  /**
   * Sends a command of the debugging protocol to the browser itself.
   *
   * @param {string} method
   * @param {object} [params]
   * @returns {Promise<any>}
   */
  async send(method, params = {}) {
    return this.#session.send(/** @type {any} */ (method), /** @type {any} */ (params));
  }

  /** Ends Chromium as a person does, and starts it again with the same profile. Pages are gone, subscriptions are kept. */
  async restart() {
    await this.close();
    await this.open();
  }

  /**
   * Starts Chromium again after close() or kill(), with a page that it opens as it starts.
   *
   * @param {string} [url]
   */
  async open(url) {
    this.#keepPermissions();
    const connected = await connect(this.#folder, this.#options, url);
    this.#program = connected.program;
    this.#browser = connected.browser;
    this.#session = connected.session;
    await this.prompt.install(this.#context);
    for (const [origin, state] of this.#permissions) await this.setPermission(origin, state);
  }

  /**
   * Writes the decisions into the profile, where a person's are: a push that waited arrives before they could be set again,
   * and Chromium ends the subscription of an origin that may not show it.
   */
  #keepPermissions() {
    const path = join(this.#folder, "profile/Default/Preferences");
    // Chromium writes it for the first time some seconds after its start.
    const preferences = existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : {};
    const exceptions = ((((preferences.profile ??= {}).content_settings ??= {}).exceptions ??= {}).notifications ??= {});
    for (const [origin, state] of this.#permissions) {
      if (state === "prompt") delete exceptions[`${origin},*`];
      else exceptions[`${origin},*`] = { setting: settings[state] };
    }
    writeFileSync(path, JSON.stringify(preferences));
  }

  async close() {
    // Not awaited: the connection may end before the answer.
    this.send("Browser.close").catch(() => {});
    await this.#program.ended();
  }

  /** Ends Chromium as a crash does. */
  async kill() {
    await this.#program.end("SIGKILL");
  }
}

/**
 * @param {string} folder
 * @param {Options} options
 * @param {string} [url]
 */
async function connect(folder, { pushService, environment, localHosts = [] }, url = "about:blank") {
  const { DISPLAY: _x, WAYLAND_DISPLAY: _w, DBUS_SESSION_BUS_ADDRESS: _bus, ...env } = process.env;
  const profile = join(folder, "profile");
  mkdirSync(profile, { recursive: true });
  const local = localHosts.map((host) => `MAP ${host} 127.0.0.1 , `).join("");
  const args = [
    `--user-data-dir=${profile}`,
    "--remote-debugging-port=0",
    `--host-resolver-rules=${local}MAP * ~NOTFOUND , EXCLUDE localhost , EXCLUDE *.localhost , EXCLUDE 127.0.0.1`,
    ...quiet,
    ...(await pushFlags(pushService)),
    // Chromium does not start as root with its sandbox.
    ...(process.getuid?.() === 0 ? ["--no-sandbox"] : []),
    url,
  ];
  const program = new Program("chromium", process.env["PUSHKIT_TEST_CHROMIUM"] ?? "chromium", args, {
    env: { ...env, HOME: folder, ...environment },
  });
  const [, address] = await program.line(/^DevTools listening on (ws:\S+)/);
  const browser = await chromium.connectOverCDP(/** @type {string} */ (address));
  return { program, browser, session: await browser.newBrowserCDPSession() };
}
