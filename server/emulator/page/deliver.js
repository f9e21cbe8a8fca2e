import { call } from "./api.js";
import { byId, notice } from "./dom.js";

/** A Declarative Web Push message, which pushkit's worker shows, and browsers that know it. */
const message = {
  web_push: 8030,
  notification: { title: "It works", body: "From the push service itself.", navigate: "http://localhost:8080/" },
};

/** Sends a push of the emulator's own. */
export class DeliverForm {
  #subscription = /** @type {HTMLTextAreaElement} */ (byId("deliver-subscription"));
  #payload = /** @type {HTMLTextAreaElement} */ (byId("deliver-payload"));
  #error = byId("deliver-error");

  constructor() {
    this.#payload.value = JSON.stringify(message, null, 1);
    byId("deliver").addEventListener("submit", (event) => {
      event.preventDefault();
      void this.#send();
    });
  }

  async #send() {
    this.#error.textContent = "";
    try {
      const subscription = parse(this.#subscription.value);
      await call("POST", "deliver", { subscription, payload: this.#payload.value });
      notice("Sent: see the pushes.");
    } catch (error) {
      this.#error.textContent = /** @type {Error} */ (error).message;
    }
  }
}

/** @param {string} text */
function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    throw new Error("This is not JSON: paste what JSON.stringify(subscription) gives.");
  }
}
