import { call } from "./api.js";
import { arrange, button, byId, make, notice } from "./dom.js";
import { counted, faultName, subscriptionName } from "./words.js";

/** @typedef {import("./api.js").Fault} Fault */
/** @typedef {import("./api.js").Subscription} Subscription */

/** So many subscriptions can be chosen. */
const limit = 200;

/** @type {{text: string, fault: object}[]} */
const presets = [
  { text: "503, retry in 5 s", fault: { status: 503, retryAfter: 5 } },
  { text: "429, retry in 30 s", fault: { status: 429, retryAfter: 30 } },
  { text: "Answer 500", fault: { status: 500 } },
  { text: "Answer 3 s late", fault: { kind: "delay", delay: 3000 } },
  { text: "Lose the answer", fault: { kind: "lost-answer" } },
  { text: "Sender's clock a day ahead", fault: { kind: "clock", ahead: 86_400 } },
];

/** The faults that are armed, and what arms one. */
export class FaultList {
  #form = /** @type {HTMLFormElement} */ (byId("fault"));
  #choice = "";
  #shown = "";

  constructor() {
    byId("presets").append(...presets.map(({ text, fault }) => button(text, () => arm(fault))));
    const kind = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("kind"));
    const fit = () => {
      for (const label of /** @type {NodeListOf<HTMLElement>} */ (this.#form.querySelectorAll("[data-for]"))) {
        label.hidden = label.dataset["for"] !== kind.value;
      }
    };
    kind.addEventListener("change", fit);
    fit();
    this.#form.addEventListener("submit", (event) => {
      event.preventDefault();
      const data = new FormData(this.#form);
      const number = (/** @type {string} */ name) => Number(data.get(name));
      arm({
        kind: kind.value,
        count: number("count"),
        subscription: data.get("subscription"),
        ...(kind.value === "status" && { status: number("status"), retryAfter: number("retryAfter") }),
        ...(kind.value === "delay" && { delay: number("delay") }),
        ...(kind.value === "clock" && { ahead: number("ahead") }),
      });
    });
  }

  /**
   * @param {Fault[]} faults
   * @param {Subscription[]} subscriptions oldest first
   */
  show(faults, subscriptions) {
    const names = new Map(subscriptions.map((s) => [s.id, subscriptionName(s)]));
    this.#showArmed(faults, names);
    this.#showChoice(subscriptions, names);
  }

  /**
   * @param {Fault[]} faults
   * @param {Map<string, string>} names of the subscriptions
   */
  #showArmed(faults, names) {
    const shown = JSON.stringify(faults);
    if (shown === this.#shown) return;
    this.#shown = shown;
    const list = byId("faults");
    const hadFocus = list.contains(document.activeElement);
    const items = faults.slice(0, limit).map((fault) => {
      const whose = fault.subscription ? ` to ${names.get(fault.subscription) ?? fault.subscription}` : "";
      const name = `The next ${fault.count === 1 ? "push" : counted(fault.count, "push", "pushes")}${whose}: ${faultName(fault)}`;
      const disarm = button("Disarm", () => arm({ kind: fault.kind, subscription: fault.subscription ?? "", count: 0 }), { class: "small", "aria-label": `Disarm ${name}` });
      return make("li", {}, name, " ", disarm);
    });
    arrange(list, items);
    // The button that was pressed is gone.
    if (hadFocus) (list.querySelector("button") ?? byId("presets").querySelector("button"))?.focus();
  }

  /**
   * @param {Subscription[]} subscriptions
   * @param {Map<string, string>} names
   */
  #showChoice(subscriptions, names) {
    const active = subscriptions.filter(({ state }) => state === "active").slice(-limit);
    const choice = active.map(({ id }) => id).join();
    if (choice === this.#choice) return;
    this.#choice = choice;
    const select = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("subscription"));
    const chosen = select.value;
    select.replaceChildren(make("option", { value: "" }, "Any"), ...active.map((s) => make("option", { value: s.id }, `${names.get(s.id)} (${s.id.slice(0, 8)})`)));
    select.value = active.some(({ id }) => id === chosen) ? chosen : "";
  }
}

/** @param {any} fault */
async function arm(fault) {
  try {
    await call("POST", "faults", fault);
    notice(fault.count === 0 ? "Disarmed." : `Armed: ${faultName({ kind: "status", ...fault })}.`);
  } catch (error) {
    notice(/** @type {Error} */ (error).message, true);
  }
}
