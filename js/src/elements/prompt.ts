import type { Status } from "../status";
import { NotInitialized } from "../wire.gen";
import { conditions } from "./conditions";
import { h, update } from "./dom";
import { PushkitElement } from "./element";
import { explain } from "./explain";
import { recall, remember, rememberNo, rememberVisit } from "./memory";
import { bellIcon } from "./pictures";
import { mayAsk, type Rules } from "./rules";
import type { State } from "./state";
import type { Texts } from "./texts";

const style = `
:host {
  display: none;
  position: fixed;
  inset-block-end: max(1rem, env(safe-area-inset-bottom));
  inset-inline-end: 1rem;
  z-index: var(--pushkit-z-index, 2147483647);
  inline-size: min(var(--pushkit-width, 26rem), 100% - 2rem);
}
:host([open]) { display: block }
.card { max-block-size: calc(100vh - 2rem); overflow: auto }
.head { display: flex; gap: .75rem }
.row { inline-size: 100% }
.row > * { flex: 1 1 auto }
.row > .primary { flex-basis: 100% }
@media (prefers-reduced-motion: no-preference) {
  .card { animation: rise .25s ease-out }
  @keyframes rise { from { transform: translateY(1rem) } }
}
`;

/** How a prompt ended. */
export type Outcome =
  | "subscribed"
  /** The browser asked, and the person blocked notifications. */
  | "denied"
  /** "Not now": it may be shown again after a time. */
  | "later"
  /** A no for ever. */
  | "no"
  /** It was not shown: the rules, what the person said before, or the browser forbid it. */
  | "not-shown";

/** Only one is on a page at a time. */
let shown: PushkitPrompt | undefined;

/** How long it stays once all is done, in ms. */
const farewell = 5_000;

/** Whether there is something to ask: push works here, and the person has neither it nor refused it. */
const canAsk = ({ supported, reason, subscribed }: Status): boolean => supported && !reason && !subscribed;

/**
 * `<pushkit-prompt>`: asks before the browser does, when the rules of its
 * attributes allow it. It fires `outcome`, a CustomEvent whose detail is an
 * Outcome, and `close` once it is gone from the window.
 */
export class PushkitPrompt extends PushkitElement {
  /** In the place of the attributes. */
  rules?: Rules;

  #ending = new AbortController();
  #ended = false;
  /** Where the focus came from. */
  #before: EventTarget | null = null;
  #title = h("p", { id: "title", part: "title", class: "title" });
  #text = h("div", { id: "text", part: "text" });
  #message = h("div", { part: "message", class: "stack" });
  #actions = h("div", { part: "actions", class: "row" });
  #heard = h("span", { role: "status", class: "heard" });
  #card = h(
    "div",
    { role: "dialog", part: "card", class: "card stack", "aria-labelledby": "title", "aria-describedby": "text" },
    h("div", { class: "head" }, bellIcon(false), h("div", {}, this.#title, this.#text)),
    this.#message,
    this.#actions,
  );

  constructor() {
    super(style);
    this.root.append(this.#card, this.#heard);
    this.root.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Escape") this.#escape();
    });
    this.addEventListener("focusin", ({ relatedTarget }) => (this.#before = relatedTarget));
  }

  override connectedCallback(): void {
    super.connectedCallback();
    this.#ending = new AbortController();
    this.#ended = false;
    this.#wait(this.rules ?? this.#attributes(), this.#ending.signal);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#ending.abort();
    this.#hide();
  }

  protected override render(state: State, texts: Texts): void {
    const focused = this.#actions.contains(this.root.activeElement);
    update(this.#card, { lang: texts.lang, dir: texts.dir });
    const done = state === "subscribed";
    // What was asked is answered.
    this.#title.replaceChildren(done ? texts.subscribed : h("slot", { name: "title" }, texts.title));
    this.#text.replaceChildren(done ? "" : h("slot", {}, texts.text));
    const content = explain(state, this.known, texts);
    this.#message.replaceChildren(...content);
    update(this.#message, { hidden: !content.length });
    this.#actions.replaceChildren(...this.#buttons(state, texts));
    if (focused) this.#focus();
    const said = state === "asking" || state === "busy" ? texts[state] : done ? texts.subscribed : this.#message.textContent;
    if (this.hasAttribute("open")) this.#heard.textContent = said;
  }

  #buttons(state: State, texts: Texts): HTMLButtonElement[] {
    const button = (part: string, label: string, click: () => void, attributes = {}): HTMLButtonElement =>
      h("button", { type: "button", part, click, ...attributes }, label);
    const later = button("later", texts.later, () => this.#leave("later"));
    const primary = (label: string, attributes = {}): HTMLButtonElement =>
      button("button", label, () => this.#press(), { class: "primary", ...attributes });
    switch (state) {
      case "default":
        return [primary(texts.subscribe), later, button("never", texts.never, () => this.#leave("no"))];
      case "asking":
      case "busy":
        return [primary(texts[state], { "aria-disabled": "true" })];
      case "dismissed":
        return [primary(texts.askAgain), later];
      case "error":
        return [primary(texts.retry), later];
      default:
        return [button("close", texts.close, () => this.#hide())];
    }
  }

  async #press(): Promise<void> {
    if (await (this.state === "default" ? this.subscribe() : this.retry())) {
      this.#end("subscribed");
      setTimeout(() => this.#hide(), farewell);
    } else if (this.state === "blocked") {
      this.#end("denied");
    }
  }

  #escape(): void {
    const { state } = this;
    if (state === "default" || state === "dismissed" || state === "error") this.#leave("later");
    else if (state !== "asking" && state !== "busy") this.#hide();
  }

  #leave(outcome: "later" | "no"): void {
    if (outcome === "no") rememberNo();
    else remember((memory) => ({ ...memory, later: Date.now() }));
    this.#end(outcome);
    this.#hide();
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.dispatchEvent(new CustomEvent("outcome", { detail: outcome }));
  }

  #hide(): void {
    if (shown !== this) return;
    shown = undefined;
    const focused = this.root.activeElement;
    update(this, { open: false });
    // Back to where the person was.
    if (focused) (this.#before as HTMLElement | null)?.focus();
    this.dispatchEvent(new Event("close"));
  }

  #focus(): void {
    this.#actions.querySelector("button")?.focus();
  }

  #attributes(): Rules {
    const rules: Rules = {};
    for (const name of ["visits", "seconds", "scroll", "again"] as const) {
      if (this.hasAttribute(name)) rules[name] = Number(this.getAttribute(name));
    }
    const event = this.getAttribute("event");
    return event ? { ...rules, event } : rules;
  }

  async #wait(rules: Rules, signal: AbortSignal): Promise<void> {
    const pressed = navigator.userActivation?.isActive;
    if (!rememberVisit() || !this.#allows(rules)) return this.#end("not-shown");
    await Promise.all([conditions(rules, signal), this.#initialized(signal)]);
    await this.refresh();
    if (signal.aborted) return;
    // Once more: another prompt or tab may have had an answer meanwhile.
    if (shown || !canAsk(this.known.status!) || !this.#allows(rules)) return this.#end("not-shown");
    shown = this;
    update(this, { open: true });
    // Whoever has pressed something waits for it; nobody else is interrupted.
    if (pressed) this.#focus();
    else this.#heard.textContent = this.texts!.title;
  }

  #allows(rules: Rules): boolean {
    const memory = recall();
    return !!memory && mayAsk(memory, rules, Date.now());
  }

  async #initialized(signal: AbortSignal): Promise<void> {
    for (;;) {
      // Before the question: init() may be called while it is answered.
      const changed = new Promise((resolve) => this.pushkit.addEventListener("change", resolve, { once: true, signal }));
      if ((await this.pushkit.status()).reason !== NotInitialized) return;
      await changed;
    }
  }
}
