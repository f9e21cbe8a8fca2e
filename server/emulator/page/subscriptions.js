import { call } from "./api.js";
import { arrange, button, byId, copyButton, make, notice } from "./dom.js";
import { browserName, count, counted, shortEndpoint, shortened, subscriptionName, timeOfDay } from "./words.js";

/** @typedef {import("./api.js").Subscription} Subscription */

/** From so many on they can be filtered. */
const many = 6;
/** So many are shown at most. */
const limit = 100;

const ends = {
  unregistered: "ended by the browser",
  deleted: "ended here",
  forgotten: "forgotten",
  replaced: "replaced by another key",
};

/** The subscriptions, the latest first. */
export class SubscriptionList {
  #list = byId("subscriptions");
  #text = /** @type {HTMLInputElement} */ (byId("subscriptions-text"));
  #ended = /** @type {HTMLInputElement} */ (byId("subscriptions-ended"));
  #showPushes;
  /** @type {Subscription[]} */
  #all = [];
  /** By id: what is shown, and of what. @type {Map<string, {item: HTMLLIElement, of: string}>} */
  #items = new Map();

  /** @param {(id: string) => void} showPushes of a subscription */
  constructor(showPushes) {
    this.#showPushes = showPushes;
    this.#text.addEventListener("input", () => this.#render());
    this.#ended.addEventListener("change", () => this.#render());
  }

  /** The subscriptions that have not ended, the latest first. */
  get active() {
    return this.#all.filter(({ state }) => state === "active");
  }

  /** @param {Subscription[]} subscriptions oldest first */
  show(subscriptions) {
    this.#all = subscriptions.toReversed();
    this.#render();
  }

  #render() {
    const active = this.active.length;
    const ended = this.#all.length - active;
    byId("subscriptions-count").textContent = count(active);
    byId("subscriptions-filter").hidden = this.#all.length < many && ended === 0;
    const words = this.#text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const matching = this.#all.filter((s) => {
      const text = `${subscriptionName(s)} ${s.endpoint} ${s.applicationServerKey ?? ""} ${s.browser} ${s.id}`.toLowerCase();
      return (s.state === "active" || this.#ended.checked) && words.every((word) => text.includes(word));
    });
    /** @type {Map<string, {item: HTMLLIElement, of: string}>} */
    const items = new Map();
    for (const s of matching.slice(0, limit)) {
      const of = JSON.stringify(s);
      const known = this.#items.get(s.id);
      items.set(s.id, known?.of === of ? known : { item: this.#item(s, known?.item), of });
    }
    this.#items = items;
    const rest = matching.length - items.size;
    const note =
      matching.length === 0 ? [make("li", { class: "hint" }, active === 0 && !this.#text.value ? "None yet: open a page in a browser above and subscribe." : "None is like that.")]
      : rest > 0 ? [make("li", { class: "hint" }, `And ${counted(rest, "more", "more")}: filter them.`)]
      : [];
    arrange(this.#list, [...[...items.values()].map(({ item }) => item), ...note]);
  }

  /**
   * @param {Subscription} s
   * @param {HTMLLIElement} [before] what was shown of it, which may hold the keyboard's focus
   */
  #item(s, before) {
    const name = subscriptionName(s);
    const reason = s.state === "ended" && `${ends[/** @type {keyof typeof ends} */ (s.endReason)] ?? s.endReason}${s.endCode ? `, code ${s.endCode}` : ""}`;
    const item = make(
      "li",
      { class: s.state },
      make("p", { class: `dot ${s.state === "ended" ? "bad" : s.connected ? "good" : ""}` }, make("strong", {}, name), " ", make("span", { class: "facts" }, reason || (s.site ? browserName(s.browser) : s.connected ? "connected" : "away"))),
      line("Endpoint", shortEndpoint(s.endpoint), s.endpoint, `the endpoint of ${name}`),
      s.applicationServerKey ? line("Key", shortened(s.applicationServerKey), s.applicationServerKey, `the application server key of ${name}`) : make("p", { class: "facts" }, "No key: anyone may send."),
      make("p", { class: "facts" }, [s.waiting > 0 && `${count(s.waiting)} waiting`, s.lastPush ? `last push ${timeOfDay(s.lastPush)}` : "no push yet"].filter(Boolean).join(" · ")),
    );
    const buttons = make("div", { class: "buttons" }, button("Its pushes", () => this.#showPushes(s.id), { class: "small", "aria-label": `Its pushes: ${name}` }));
    if (s.state === "active") {
      buttons.append(button("End it", () => this.#end(s), { class: "small", "aria-label": `End it: ${name}`, title: "Senders get 410; the browser is not told" }));
    }
    item.append(buttons);
    const focused = before ? [...before.querySelectorAll("button")].indexOf(/** @type {HTMLButtonElement} */ (document.activeElement)) : -1;
    if (before && focused >= 0) {
      before.replaceWith(item);
      item.querySelectorAll("button")[focused]?.focus();
    }
    return item;
  }

  /** @param {Subscription} s */
  async #end(s) {
    try {
      await call("DELETE", `subscriptions/${s.id}`);
      notice(`Ended: senders to ${subscriptionName(s)} get 410, and its browser does not know.`);
    } catch (error) {
      notice(/** @type {Error} */ (error).message, true);
    }
  }
}

/**
 * @param {string} label
 * @param {string} short
 * @param {string} long
 * @param {string} what
 */
function line(label, short, long, what) {
  return make("p", { class: "line" }, make("span", { class: "facts" }, `${label} `), make("code", { title: long }, short), " ", copyButton(long, what));
}
