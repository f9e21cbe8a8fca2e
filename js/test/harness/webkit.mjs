import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Program, freePort, temporaryFolder } from "./program.mjs";
import { root } from "./repository.mjs";
import { WebKitPage } from "./webkit-page.mjs";

/** The browser, which gjs runs. */
const browser = join(root, "js/test/harness/webkit-browser.js");

/** Time for a script's promise, in ms. */
const scriptLimit = 90_000;

/** Time for an answer, in ms: WebKitWebDriver never gives one where the browser does not start. */
const commandLimit = scriptLimit + 10_000;

/**
 * Safari's engine in Debian's WebKitGTK, with its real notifications on the desktop, on a display and a profile of its own,
 * driven over WebDriver. It has no push service: without the feature PushAPI there is nothing of push, with it PushManager
 * and PushEvent are there as in Safari and subscribe() fails.
 */
export class WebKit {
  #display;
  #driver;
  /** The session's address. */
  #session;
  /** The profile's. */
  #folder;
  /** The window that is there from the start, and stays: a session without one is over. */
  #first;
  /** @type {Record<string, "granted" | "denied">} */
  #answers = {};
  /** The last command: a session takes one at a time, for one window. @type {Promise<unknown>} */
  #last = Promise.resolve();

  /** @param {{display: Program, driver: Program, session: string, folder: string, first: string}} parts */
  constructor(parts) {
    this.#display = parts.display;
    this.#driver = parts.driver;
    this.#session = parts.session;
    this.#folder = parts.folder;
    this.#first = parts.first;
  }

  /**
   * @param {object} [options]
   * @param {Record<string, string>} [options.environment] for example of a Desktop
   * @param {string[]} [options.features] of WebKit to turn on, by their identifiers
   */
  static async start({ environment = {}, features = [] } = {}) {
    const display = new Program("Xvfb", "Xvfb", ["-displayfd", "1", "-screen", "0", "1280x2048x24", "-nolisten", "tcp"]);
    const [number] = await display.line(/^\d+$/);
    const folder = temporaryFolder("webkit");
    const port = await freePort();
    const { WAYLAND_DISPLAY: _w, DBUS_SESSION_BUS_ADDRESS: _bus, ...env } = process.env;
    const driver = new Program("webkit", "WebKitWebDriver", [`--port=${port}`, "--host=127.0.0.1"], {
      // No accessibility bus: it would be a second one, started for nobody.
      env: { ...env, DISPLAY: `:${number}`, HOME: folder, XDG_RUNTIME_DIR: folder, NO_AT_BRIDGE: "1", ...environment },
    });
    const url = `http://127.0.0.1:${port}`;
    await driver.ready(async () => (await fetch(`${url}/status`)).ok, "answer");
    const { sessionId } = await command("POST", `${url}/session`, {
      capabilities: {
        alwaysMatch: {
          "webkitgtk:browserOptions": { binary: "/usr/bin/gjs", args: ["-m", browser, folder, ...features] },
          timeouts: { script: scriptLimit },
        },
      },
    });
    const session = `${url}/session/${sessionId}`;
    return new WebKit({ display, driver, session, folder, first: await command("GET", `${session}/window`) });
  }

  /**
   * Sets what a person answers when an origin asks to show notifications; without it the answer is no.
   *
   * @param {string} origin
   * @param {"granted" | "denied"} answer
   */
  setPermission(origin, answer) {
    this.#answers[origin] = answer;
    writeFileSync(join(this.#folder, "permissions.json"), JSON.stringify(this.#answers));
  }

  /**
   * Opens a page in a new window.
   *
   * @param {string} url
   */
  async newPage(url) {
    const { handle } = await this.#in(this.#first, "POST", "/window/new", { type: "window" });
    const page = new WebKitPage((method, path, body) => this.#in(handle, method, path, body));
    await page.goto(url);
    return page;
  }

  async close() {
    await this.#last;
    await command("DELETE", this.#session);
    await this.#driver.end();
    await this.#display.end();
  }

  /**
   * Sends a command to a window, after those before it.
   *
   * @param {string} handle
   * @param {string} method
   * @param {string} path
   * @param {object} [body]
   */
  #in(handle, method, path, body) {
    const done = this.#last.then(async () => {
      await command("POST", `${this.#session}/window`, { handle });
      return command(method, this.#session + path, body);
    });
    this.#last = done.catch(() => {});
    return done;
  }
}

/**
 * Sends a WebDriver command and gives its value.
 *
 * @param {string} method
 * @param {string} url
 * @param {object} [body]
 */
async function command(method, url, body) {
  const response = await fetch(url, {
    method,
    signal: AbortSignal.timeout(commandLimit),
    ...(body && { body: JSON.stringify(body) }),
  });
  const { value } = /** @type {any} */ (await response.json());
  if (!response.ok) throw new Error(`${method} ${url}: ${value.error}: ${value.message}`);
  return value;
}
