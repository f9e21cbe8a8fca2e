import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { Program, temporaryFolder } from "./program.mjs";
import { root } from "./repository.mjs";
import { until } from "./until.mjs";

/**
 * What the desktop was asked to show. Firefox shows a web notification with the action "default" (the body) and one
 * action named NAME-moz for each of its own.
 *
 * @typedef {object} Shown
 * @property {number} id a notification that replaces another one keeps its id
 * @property {number} replaces the id that it was to replace, 0 for none
 * @property {string} app
 * @property {string} summary the title
 * @property {string} body
 * @property {string} icon
 * @property {{action: string, title: string}[]} actions
 * @property {Record<string, unknown>} hints
 * @property {number} [closed] why it is gone: 2 by the user, 3 by the browser, 0 when another one replaced it; absent while it is shown
 */

/** A desktop of its own: a private D-Bus with a notification daemon, whose user is the test. */
export class Desktop {
  /** Everything that was ever shown, in its order. @type {Shown[]} */
  history = [];
  /** @type {string[]} */
  #errors = [];
  #bus;
  #daemon;

  /**
   * @param {Program} bus
   * @param {Program} daemon
   * @param {string} address
   */
  constructor(bus, daemon, address) {
    this.#bus = bus;
    this.#daemon = daemon;
    /** What a browser's environment needs to show its notifications here. */
    this.environment = { DBUS_SESSION_BUS_ADDRESS: address };
    daemon.onLine((line) => this.#hear(line));
  }

  static async start() {
    const program = join(temporaryFolder("desktop"), "desktop");
    // go test for js/wasm runs this harness with GOOS=js.
    const { GOOS: _os, GOARCH: _arch, ...env } = process.env;
    await promisify(execFile)("go", ["build", "-o", program, "./js/test/desktop"], { cwd: root, env });
    const config = join(root, "js/test/desktop/bus.conf");
    const bus = new Program("dbus-daemon", "dbus-daemon", [`--config-file=${config}`, "--nofork", "--print-address"]);
    const [address] = await bus.line(/^unix:.*/);
    const daemon = new Program("desktop", program, [], { env: { DBUS_SESSION_BUS_ADDRESS: address } });
    const desktop = new Desktop(bus, daemon, address);
    await daemon.line(/"ready"/);
    return desktop;
  }

  /** What is shown now. */
  get shown() {
    return this.history.filter((n) => n.closed === undefined);
  }

  /**
   * Awaits a notification; one that was shown before counts.
   *
   * @param {(notification: Shown) => boolean} match
   * @param {number} [timeout] in ms
   */
  async notification(match, timeout) {
    try {
      return await until(() => this.history.findLast(match), "matching notification", timeout);
    } catch (error) {
      const titles = this.history.map((n) => `${n.summary} – ${n.body}`).join("\n");
      throw new Error(`${/** @type {Error} */ (error).message}; shown were:\n${titles}`);
    }
  }

  /**
   * Awaits the end of a notification.
   *
   * @param {Shown} notification
   * @param {number} [timeout] in ms
   */
  closed(notification, timeout) {
    return until(() => notification.closed !== undefined, `end of the notification ${notification.summary}`, timeout);
  }

  /**
   * Clicks a notification. The browser is told of the click and then of the notification's end, as desktops do it.
   *
   * @param {Shown} notification
   * @param {string} [action] the button's title; without it the notification's body
   */
  async click(notification, action) {
    const key = action === undefined ? "default" : notification.actions.find((a) => a.title === action)?.action;
    if (key === undefined) throw new Error(`no action ${action} in ${JSON.stringify(notification)}`);
    await this.#command({ click: notification.id, action: key }, notification);
  }

  /**
   * Closes a notification as its user, without a click on it.
   *
   * @param {Shown} notification
   */
  async dismiss(notification) {
    await this.#command({ dismiss: notification.id }, notification);
  }

  async stop() {
    this.#daemon.endInput();
    await this.#daemon.ended();
    await this.#bus.end();
  }

  /**
   * @param {object} command
   * @param {Shown} notification
   */
  async #command(command, notification) {
    const before = this.#errors.length;
    this.#daemon.write(JSON.stringify(command));
    await until(() => notification.closed !== undefined || this.#errors.length > before, "answer of the desktop");
    if (this.#errors.length > before) throw new Error(`desktop: ${this.#errors.at(-1)}`);
  }

  /** @param {string} line */
  #hear(line) {
    /** @type {{event: string, id: number, reason: number, error: string}} */
    const event = JSON.parse(line);
    const current = this.history.findLast((n) => n.id === event.id && n.closed === undefined);
    if (event.event === "notify") {
      // The one that is replaced is no longer seen, and nobody is told.
      if (current) current.closed = 0;
      const { event: _, ...shown } = event;
      this.history.push({ replaces: 0, app: "", summary: "", body: "", icon: "", actions: [], hints: {}, ...shown });
    } else if (event.event === "close" && current) {
      current.closed = event.reason;
    } else if (event.event === "error") {
      this.#errors.push(event.error);
    }
  }
}
