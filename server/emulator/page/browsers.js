import { call } from "./api.js";
import { arrange, byId, copyButton, make, notice } from "./dom.js";
import { browserName, count, counted, timeOfDay } from "./words.js";

/** @typedef {import("./api.js").State["browser"]} BrowserState */

/** Where the emulator listens unless told otherwise: its commands then need no --emulator. */
const defaultOrigin = "http://127.0.0.1:8090";

/** The browsers, and what can happen to all of them. */
export class BrowserList {
  #online = byId("online");
  #isOnline = true;
  #connectShown = false;

  constructor() {
    this.#act("cut", { cut: true }, "The connections were cut; the browsers come back by themselves.");
    this.#act("forget", { forget: true }, "Every subscription has ended, and a Firefox that comes back notices it.");
    this.#online.addEventListener("click", () =>
      change({ online: !this.#isOnline }, this.#isOnline ? "Browsers are offline: what is pushed waits." : "Browsers may connect again."),
    );
  }

  /** @param {BrowserState} state */
  show(state) {
    this.#isOnline = state.online;
    this.#online.textContent = state.online ? "Go offline" : "Go online";
    byId("browsers-count").textContent = state.online ? count(state.connected) : "offline";
    const items = state.browsers.slice(0, 50).map((browser) =>
      make(
        "li",
        {},
        make(
          "p",
          { class: `dot ${browser.connected ? "good" : ""}` },
          make("strong", {}, browserName(browser.kind)),
          " ",
          make("span", { class: "facts" }, `${browser.connected ? "connected" : "away"} since ${timeOfDay(browser.since)}`),
        ),
        make("p", { class: "facts" }, `${counted(browser.subscriptions, "subscription")} · ${count(browser.waiting)} waiting`),
      ),
    );
    if (items.length === 0) items.push(make("li", { class: "hint" }, state.online ? "None is connected." : "They are offline until you let them in."));
    arrange(byId("browsers"), items);
    this.#showConnect(state);
  }

  /** @param {BrowserState} state */
  #showConnect(state) {
    if (this.#connectShown) return;
    this.#connectShown = true;
    const option = location.origin === defaultOrigin ? "" : ` --emulator ${location.origin}`;
    const kinds = state.chromium.length > 0 ? ["firefox", "chromium"] : ["firefox"];
    byId("commands").append(...kinds.map((kind) => command(`pushkit emulator ${kind}${option} URL`, `the command for ${kind}`)));
    for (const [name, value] of Object.entries(state.firefox)) {
      byId("preferences").append(make("dt", {}, make("code", {}, name)), make("dd", {}, make("code", {}, String(value))));
    }
    byId("flags").append(
      state.chromium.length > 0 ? command(state.chromium.join("\n"), "Chromium's flags", state.chromium.join(" ")) : make("p", { class: "hint" }, "This emulator was started without a port for Chromium."),
    );
    byId("connect").toggleAttribute("open", state.browsers.length === 0);
  }

  /**
   * @param {string} id of the button
   * @param {object} body
   * @param {string} done
   */
  #act(id, body, done) {
    byId(id).addEventListener("click", () => change(body, done));
  }
}

/**
 * @param {object} body
 * @param {string} done
 */
async function change(body, done) {
  try {
    await call("POST", "browser", body);
    notice(done);
  } catch (error) {
    notice(/** @type {Error} */ (error).message, true);
  }
}

/**
 * @param {string} text
 * @param {string} what
 * @param {string} [copied] in place of the text
 */
const command = (text, what, copied = text) => make("p", { class: "line command" }, make("code", {}, text), " ", copyButton(copied, what));
