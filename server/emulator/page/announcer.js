import { counted, fate, group } from "./words.js";

/** @typedef {import("./api.js").Push} Push */

/** How often a screen reader is told something at most, in ms. */
const interval = 3000;

/** Tells a screen reader what became of pushes: one in full, many as counts, and none before its end. */
export class Announcer {
  #region;
  /** By id. @type {Map<number, Push>} */
  #heard = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {HTMLElement} region a live one */
  constructor(region) {
    this.#region = region;
  }

  /** @param {Push[]} pushes */
  hear(pushes) {
    for (const push of pushes) if (group(push) !== "waiting") this.#heard.set(push.id, push);
    if (this.#heard.size > 0) this.#timer ??= setTimeout(() => this.#tell(), interval);
  }

  #tell() {
    this.#timer = undefined;
    const pushes = [...this.#heard.values()];
    this.#heard.clear();
    if (pushes.length === 1 && pushes[0]) {
      this.#region.textContent = `Push: ${fate(pushes[0])}${pushes[0].rule ? ` by the rule ${pushes[0].rule}` : ""}.`;
      return;
    }
    const refused = pushes.filter((push) => group(push) === "refused").length;
    const received = pushes.filter((push) => group(push) === "received").length;
    this.#region.textContent = `${counted(pushes.length, "push", "pushes")}: ${received} received, ${refused} refused.`;
  }
}
