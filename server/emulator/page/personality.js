import { call } from "./api.js";
import { byId, notice } from "./dom.js";
import { vendorName } from "./words.js";

/** @typedef {import("./api.js").State["personality"]} Personality */

/** As whose service senders are answered. */
export class PersonalityChoice {
  #select = /** @type {HTMLSelectElement} */ (byId("personality"));
  #shown = "";

  constructor() {
    this.#select.addEventListener("change", () => this.#change(this.#select.value));
  }

  /** @param {Personality} personality */
  show({ as }) {
    if (as === this.#shown) return;
    this.#shown = as;
    this.#select.value = as;
  }

  /** @param {string} as */
  async #change(as) {
    try {
      await call("POST", "personality", { as });
      notice(as === "" ? "Senders are answered as by each browser's own service." : `Senders are answered as by ${vendorName(as)}'s service.`);
    } catch (error) {
      this.#select.value = this.#shown;
      notice(/** @type {Error} */ (error).message, true);
    }
  }
}
