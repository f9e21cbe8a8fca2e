import { call } from "./api.js";
import { Announcer } from "./announcer.js";
import { byId, make } from "./dom.js";
import { browserName, count, counted, duration, faultKinds, fate, group, milliseconds, subscriptionName, timeOfDay, vendorName } from "./words.js";

/** @typedef {import("./api.js").Push} Push */
/** @typedef {import("./api.js").Rule} Rule */
/** @typedef {import("./api.js").Subscription} Subscription */

/** As many as the emulator itself keeps. */
const limit = 1000;

/**
 * @typedef {object} Entry
 * @property {Push} push
 * @property {HTMLLIElement} row
 * @property {string} words what the filter looks at, in lower case
 */

/** The pushes, the latest first. */
export class PushLog {
  #list = byId("log");
  #state = /** @type {HTMLSelectElement} */ (byId("pushes-state"));
  #text = /** @type {HTMLInputElement} */ (byId("pushes-text"));
  #announcer = new Announcer(byId("heard"));
  /** By id, in its order. @type {Map<number, Entry>} */
  #entries = new Map();
  /** @type {Map<string, Subscription>} */
  #subscriptions = new Map();
  /** @type {Promise<Map<string, Rule>>} */
  #rules;

  constructor() {
    this.#rules = call("GET", "rules").then(({ data }) => new Map(data.map((/** @type {Rule} */ rule) => [rule.id, rule])));
    this.#state.addEventListener("change", () => this.#filter());
    this.#text.addEventListener("input", () => this.#filter());
  }

  /**
   * Shows pushes that are new or changed.
   *
   * @param {Push[]} pushes
   * @param {boolean} everything they are all that there are
   */
  show(pushes, everything) {
    if (everything) {
      this.#entries.clear();
      this.#list.replaceChildren();
    }
    const fresh = document.createDocumentFragment();
    for (const push of pushes.toSorted((a, b) => a.id - b.id)) {
      const row = this.#row(push);
      const known = this.#entries.get(push.id);
      if (known) known.row.replaceWith(row);
      else fresh.prepend(row);
      this.#entries.set(push.id, { push, row, words: this.#words(push) });
    }
    this.#list.prepend(fresh);
    for (const [id, { row }] of this.#entries) {
      if (this.#entries.size <= limit) break;
      row.remove();
      this.#entries.delete(id);
    }
    this.#filter();
    if (!everything) this.#announcer.hear(pushes);
  }

  /**
   * Names the subscriptions; those that were unknown may have been shown without a name.
   *
   * @param {Subscription[]} subscriptions
   */
  name(subscriptions) {
    const before = this.#subscriptions;
    this.#subscriptions = new Map(subscriptions.map((s) => [s.id, s]));
    for (const entry of this.#entries.values()) {
      const id = entry.push.subscription;
      if (!id || before.has(id) || !this.#subscriptions.has(id)) continue;
      const row = this.#row(entry.push);
      entry.row.replaceWith(row);
      Object.assign(entry, { row, words: this.#words(entry.push) });
    }
    this.#filter();
  }

  /**
   * Filters by a subscription, and goes there.
   *
   * @param {string} id
   */
  showOnly(id) {
    this.#state.value = "";
    this.#text.value = id;
    this.#filter();
    byId("pushes").scrollIntoView({ block: "start" });
    this.#text.focus({ preventScroll: true });
  }

  #filter() {
    const words = this.#text.value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = this.#state.value;
    let shown = 0;
    for (const entry of this.#entries.values()) {
      const matches = (state === "" || group(entry.push) === state) && words.every((word) => entry.words.includes(word));
      if (entry.row.hidden === matches) entry.row.hidden = !matches;
      if (matches) shown++;
    }
    const total = this.#entries.size;
    byId("pushes-count").textContent = shown === total ? count(total) : `${count(shown)} of ${count(total)}`;
    byId("empty").hidden = shown > 0;
    byId("empty").textContent =
      total > 0 ? "No push is like that." : "Send something to a subscription: it appears here at once, with what became of it.";
    const refused = [...this.#entries.values()].filter(({ push }) => push.state === "refused").length;
    byId("summary").textContent = total === 0 ? "No push yet." : `${counted(total, "push", "pushes")}, ${count(refused)} refused.`;
  }

  /** @param {Push} push */
  #words(push) {
    const s = push.subscription ? this.#subscriptions.get(push.subscription) : undefined;
    return [push.subscription, s?.site, s?.browser, push.as, push.topic, push.urgency, push.status, push.rule, push.detail, push.text, push.answer, push.faults?.join(" ")]
      .join(" ")
      .toLowerCase();
  }

  /** @param {Push} push */
  #row(push) {
    const kind = group(push);
    const s = push.subscription ? this.#subscriptions.get(push.subscription) : undefined;
    const status = push.own ? "own" : push.status === 0 ? "none" : `${push.status}`;
    const to = s ? subscriptionName(s) : push.subscription ? push.subscription.slice(0, 8) : "unknown endpoint";
    const facts = [
      s?.site && browserName(s.browser),
      push.as && `as ${vendorName(push.as)}`,
      (push.status !== 400 || push.ttl > 0) && `TTL ${duration(push.ttl)}`,
      push.urgency !== "normal" && `urgency ${push.urgency}`,
      push.topic && `topic ${push.topic}`,
      push.size === 0 ? "no body" : counted(push.size, "byte"),
    ].filter(Boolean);
    const row = make(
      "li",
      { class: `push ${kind}`, "data-id": `${push.id}` },
      make("time", { datetime: push.time, title: push.time }, timeOfDay(push.time)),
      make("div", { class: "what" }, make("strong", {}, to), make("span", { class: "facts" }, facts.join(" · "))),
      make("span", { class: `status ${status === "own" ? "own" : status === "201" ? "good" : "bad"}` }, make("span", { class: "unseen" }, "Answer: "), answers[status] ?? status),
      make("div", { class: `fate ${kind}` }, fate(push), push.code ? make("span", { class: "facts" }, ` code ${push.code}`) : undefined),
      make("span", { class: "took" }, push.ms === undefined ? "" : milliseconds(push.ms)),
    );
    if (push.rule) row.append(this.#refusal(push, push.rule));
    // Of an answer in place of the true one the rule says so itself.
    if (push.faults && push.rule !== "fault") row.append(make("p", { class: "note" }, `An injected fault: ${push.faults.map((kind) => faultKinds[kind]).join(", ")}.`));
    if (push.text) row.append(make("pre", { class: "text", tabindex: "0", "aria-label": "The message, decrypted" }, push.text));
    if (push.textError) row.append(make("p", { class: "note" }, `Does not decrypt: ${push.textError}.`));
    return row;
  }

  /**
   * @param {Push} push
   * @param {string} id
   */
  #refusal(push, id) {
    const block = make("div", { class: "refusal" });
    void this.#rules.then((rules) => {
      const rule = rules.get(id);
      const said = rule?.answers[push.as ?? ""];
      block.append(
        make("p", {}, make("code", {}, id), " ", rule?.message ?? "", push.detail ? make("span", { class: "facts" }, ` Seen: ${push.detail}.`) : undefined),
        make("p", { class: "fix" }, make("b", {}, "Fix: "), rule?.advice ?? ""),
        make("p", { class: "facts" }, `Source: ${rule?.source ?? ""}`),
      );
      if (said) {
        const word = said.word ? `“${said.word}”` : "no words that are known";
        block.append(make("p", { class: "facts" }, `${vendorName(push.as ?? "")} answers ${said.status}, ${word}. Source: ${said.source}`));
      }
    });
    return block;
  }
}

/** The answers that are no status. @type {Record<string, string>} */
const answers = { own: "test", none: "no answer" };
