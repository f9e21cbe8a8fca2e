import { h, update, type Child } from "./dom";
import { PushkitElement } from "./element";
import { explain } from "./explain";
import { bellIcon } from "./pictures";
import type { State } from "./state";
import type { Texts } from "./texts";

const style = `
:host { display: block }
fieldset { display: grid; gap: .25rem; inline-size: 100%; padding: 0; border: 0 }
legend { padding: 0; font-weight: 700 }
label { display: flex; gap: .75rem; align-items: center; min-block-size: 44px; cursor: pointer }
input { flex: none; inline-size: 1.35rem; block-size: 1.35rem; margin: 0; accent-color: var(--pk-accent) }
.state { display: flex; gap: .5rem; align-items: center; font-weight: 700 }
summary { display: list-item; min-block-size: 44px; margin-inline-start: 1.1em; padding-block: .65rem; list-style-position: outside; cursor: pointer }
dl { display: grid; gap: .25rem .75rem; grid-template-columns: auto 1fr }
.card { align-content: start; min-block-size: inherit; box-shadow: none }
[role=status] { min-block-size: 1.5em }
`;

/**
 * `<pushkit-preferences>`: what a person wants to hear about, which a <datalist>
 * inside it names, and what is known of this browser.
 */
export class PushkitPreferences extends PushkitElement {
  /** Checkboxes that the person has changed stay so until they are saved. */
  #touched = false;
  #saved = false;
  #state = h("p", { part: "state", class: "state" });
  #legend = h("legend");
  #channels = h("fieldset", { part: "channels", change: () => this.#touch() }, this.#legend);
  #message = h("div", { part: "message", class: "stack" });
  #actions = h("div", { part: "actions", class: "row" });
  #summary = h("summary");
  #known = h("dl", { part: "known" });
  #heard = h("span", { role: "status", part: "feedback" });
  #form = h(
    "form",
    { part: "card", class: "card stack", submit: (event) => this.#submit(event) },
    this.#state,
    this.#channels,
    this.#message,
    this.#actions,
    this.#heard,
    h("details", { part: "details" }, this.#summary, this.#known),
  );

  constructor() {
    super(style);
    this.root.append(this.#form);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    const boxes = [...this.querySelectorAll("option")].map(({ value, label, defaultSelected }) =>
      h("label", {}, h("input", { type: "checkbox", part: "checkbox", name: value, checked: defaultSelected }), label),
    );
    this.#channels.replaceChildren(this.#legend, ...boxes);
  }

  get #boxes(): HTMLInputElement[] {
    return [...this.#channels.querySelectorAll("input")];
  }

  protected override render(state: State, texts: Texts): void {
    const { status } = this.known;
    const idle = state === "pending" || state === "asking" || state === "busy";
    const focused = this.#actions.contains(this.root.activeElement);
    update(this.#form, { lang: texts.lang, dir: texts.dir, "aria-busy": idle && "true" });
    this.#legend.textContent = texts.channels;
    // A person who has not subscribed starts from what the page proposes.
    if (status?.subscribed && !this.#touched) {
      for (const box of this.#boxes) box.checked = status.channels.includes(box.name);
    }
    const closed = state === "blocked" ? texts.blocked : state === "unsupported" || state === "install" ? texts.unavailable : "";
    update(this.#channels, { hidden: !!closed || !this.#boxes.length });
    const on = !!status?.subscribed;
    this.#state.replaceChildren(bellIcon(!on), on ? texts.subscribed : closed);
    update(this.#state, { hidden: !on && !closed });
    const content = explain(state, this.known, texts);
    this.#message.replaceChildren(...content);
    update(this.#message, { hidden: !content.length });
    this.#actions.replaceChildren(...(closed ? [] : this.#buttons(state, on, texts)));
    update(this.#actions, { hidden: !!closed });
    if (focused) this.#actions.querySelector("button")?.focus();
    update(this.#heard, { hidden: !!closed });
    this.#heard.textContent = state === "asking" || state === "busy" ? texts[state] : this.#saved ? texts.saved : "";
    this.#summary.textContent = texts.known;
    this.#known.replaceChildren(...this.#facts(texts));
  }

  #buttons(state: State, on: boolean, texts: Texts): Child[] {
    const idle = state === "pending" || state === "asking" || state === "busy";
    const disabled = { "aria-disabled": idle && "true" };
    const label = state === "error" ? texts.retry : state === "dismissed" ? texts.askAgain : on ? texts.save : texts.subscribe;
    const buttons: Child[] = [];
    // Without channels there is nothing to save.
    if (!on || this.#boxes.length) buttons.push(h("button", { part: "button", class: "primary", ...disabled }, label));
    if (on) buttons.push(h("button", { type: "button", part: "off", ...disabled, click: () => this.#off() }, texts.unsubscribe));
    return buttons;
  }

  #facts(texts: Texts): Child[] {
    const { subscribed, id, endpoint, channels } = this.known.status ?? {};
    if (!subscribed) return [h("dd", {}, texts.nothing)];
    const facts: [string, string][] = [
      [texts.id, id!],
      [texts.pushService, new URL(endpoint!).host],
      [texts.channels, channels!.join(", ") || "–"],
    ];
    return facts.flatMap(([name, value]) => [h("dt", {}, name), h("dd", { dir: "auto" }, value)]);
  }

  #touch(): void {
    this.#touched = true;
    this.#saved = false;
    this.show();
  }

  async #submit(event: Event): Promise<void> {
    event.preventDefault();
    const boxes = this.#boxes;
    const chosen = boxes.filter(({ checked }) => checked).map(({ name }) => name);
    this.#saved = false;
    const { status } = this.known;
    // Channels that are not offered here are somebody else's.
    const others = status?.channels.filter((name) => !boxes.some((box) => box.name === name)) ?? [];
    this.#saved = await (status?.subscribed
      ? this.act(() => this.pushkit.channels.set([...others, ...chosen]))
      : this.subscribe(boxes.length ? chosen : undefined));
    if (this.#saved) this.#touched = false;
    this.show();
  }

  async #off(): Promise<void> {
    this.#saved = false;
    if (await this.unsubscribe()) this.#touched = true;
    this.show();
  }
}
