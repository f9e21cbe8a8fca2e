import { bellIcon } from "./pictures";
import { h, update } from "./dom";
import { PushkitElement } from "./element";
import { explain } from "./explain";
import type { State } from "./state";
import type { Texts } from "./texts";

const style = `
:host { display: inline-block; position: relative; max-inline-size: 100%; min-block-size: 44px; vertical-align: top }
.labels { display: inline-grid }
.labels > * { display: inline-flex; grid-area: 1 / 1; gap: .5em; align-items: center; justify-content: center; visibility: hidden }
.labels > .shown { visibility: visible }
.card {
  position: absolute;
  inset-block-start: calc(100% + .5rem);
  inset-inline-start: 0;
  z-index: var(--pushkit-z-index, 2147483647);
  inline-size: max-content;
  max-inline-size: min(22rem, 100vw - 2rem);
}
`;

/** Which text the button says in a state. */
const labels = {
  pending: "subscribe",
  default: "subscribe",
  asking: "asking",
  busy: "busy",
  subscribed: "subscribed",
  blocked: "blocked",
  unsupported: "unavailable",
  install: "subscribe",
  dismissed: "askAgain",
  error: "retry",
} satisfies { [state in State]: keyof Texts };

/** Where there is nothing that the button asks for. */
const quiet: ReadonlySet<State> = new Set(["subscribed", "blocked", "unsupported"]);

/**
 * `<pushkit-button>`: subscribes at a click. Where that cannot be, or is done
 * already, the click opens a card that says so and what can be done.
 */
export class PushkitButton extends PushkitElement {
  #open = false;
  #labels = h("span", { class: "labels" });
  #button = h("button", { type: "button", part: "button", click: () => this.#press() }, this.#labels);
  #card = h("div", { id: "card", part: "card", class: "card stack", hidden: true });
  #heard = h("span", { role: "status", class: "heard" });

  constructor() {
    super(style);
    this.root.append(this.#button, this.#card, this.#heard);
    this.root.addEventListener("keydown", (event) => {
      if ((event as KeyboardEvent).key === "Escape" && this.#open) this.#close();
    });
  }

  override connectedCallback(): void {
    super.connectedCallback();
    document.addEventListener("pointerdown", this.#pressedBeside);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    document.removeEventListener("pointerdown", this.#pressedBeside);
  }

  /** The button's focus is the element's. */
  override focus(options?: FocusOptions): void {
    this.#button.focus(options);
  }

  protected override render(state: State, texts: Texts): void {
    const label = labels[state];
    // All that it may ever say lies in one place, so that it never changes its size.
    if (this.#labels.lang !== texts.lang || !this.#labels.childElementCount) {
      update(this.#labels, { lang: texts.lang, dir: texts.dir });
      this.#labels.replaceChildren(
        ...[...new Set(Object.values(labels))].map((text) =>
          h(
            "span",
            { "data-text": text },
            bellIcon(text === "blocked" || text === "unavailable"),
            text === "subscribe" ? h("slot", {}, texts[text]) : texts[text],
          ),
        ),
      );
    }
    for (const text of this.#labels.children as HTMLCollectionOf<HTMLElement>) {
      update(text, { class: text.dataset.text === label && "shown" });
    }
    const content = state === "subscribed" ? [this.#off(texts)] : explain(state, this.known, texts);
    if (!content.length) this.#open = false;
    const idle = state === "pending" || state === "asking" || state === "busy";
    update(this.#button, {
      class: !quiet.has(state) && "primary",
      "aria-disabled": idle && "true",
      "aria-expanded": content.length ? `${this.#open}` : undefined,
      "aria-controls": content.length ? "card" : undefined,
    });
    update(this.#card, { lang: texts.lang, dir: texts.dir, hidden: !this.#open });
    this.#card.replaceChildren(...content);
    this.#fit();
    const said = state === "pending" || state === "default" ? "" : [texts[label], ...(this.#open ? content : [])];
    this.#heard.textContent = [said].flat().map((part) => (typeof part === "string" ? part : part.textContent)).join(" ");
  }

  #off = ({ unsubscribe }: Texts): HTMLElement =>
    h("button", { type: "button", part: "off", click: () => this.#act(() => this.unsubscribe()) }, unsubscribe);

  #press(): void {
    const { state } = this;
    if (state === "default") this.#act(() => this.subscribe());
    else if (state === "dismissed" || state === "error") this.#act(() => this.retry());
    else if (state !== "pending" && state !== "asking" && state !== "busy") this.#toggle(!this.#open);
  }

  /** Acts with the card closed, and opens it where that failed. */
  #act(work: () => Promise<boolean>): void {
    // It may have been on a button that goes.
    this.#close();
    work().then((done) => done || this.#toggle(true));
  }

  #close(): void {
    const within = this.#card.contains(this.root.activeElement);
    this.#toggle(false);
    if (within) this.focus();
  }

  #toggle(open: boolean): void {
    this.#open = open;
    this.show();
  }

  /** Moves the card into the window, should the button be at its edge. */
  #fit(): void {
    const { style } = this.#card;
    style.translate = "";
    const { left, right } = this.#card.getBoundingClientRect();
    const width = document.documentElement.clientWidth;
    if (right > width) style.translate = `${width - right}px`;
    else if (left < 0) style.translate = `${-left}px`;
  }

  #pressedBeside = (event: Event): void => {
    if (this.#open && !event.composedPath().includes(this)) this.#toggle(false);
  };
}
