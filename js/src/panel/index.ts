// <pushkit-check>: what this browser can do, what is subscribed, what the last
// message did, and a test message; for a page that helps people, in a file of its own.
import { pushkit as moduleInstance } from "pushkit";
import type { DebugReport } from "../debug";
import { h, update, type Child } from "../elements/dom";
import { dress } from "../elements/style";
import type { PushkitError } from "../error";
import type { Pushkit } from "../pushkit";
import { test } from "./test";
import { abilities, needed, places, texts } from "./texts";

const style = `
:host { display: block }
h2 { margin-block-start: 1.25rem; font-size: 1.1rem }
.title { font-size: 1.2rem }
ul { padding-inline-start: 1.2em }
dl { display: grid; gap: .25rem 1rem }
dt { font-weight: 600 }
@media (min-width: 32rem) { dl { grid-template-columns: minmax(8rem, max-content) 1fr } }
dd { overflow-wrap: anywhere }
pre { overflow-x: auto; padding: .75rem; border: 1px solid var(--pk-border); border-radius: var(--pk-radius); font-size: .85rem }
summary { cursor: pointer; min-block-size: 44px; align-content: center }
`;

/** The panel of `<pushkit-check>`; the page calls init(). */
export class PushkitCheck extends HTMLElement {
  /** Which pushkit it is about; default the page's. */
  pushkit: Pushkit = window.pushkit ?? moduleInstance;

  #turn = 0;
  #busy = false;
  #report?: DebugReport;
  #verdict = h("p", { class: "title", part: "verdict" }, texts.looking);
  #said = h("p", { role: "status", part: "status" });
  #places = h("div", { hidden: true }, texts.look, list(places));
  #allow = this.#button("allow", texts.allow, () => this.pushkit.subscribe());
  #test = this.#button("test", texts.test, () => this.#sendTest());
  #stop = this.#button("stop", texts.stop, () => this.pushkit.unsubscribe());
  #copy = this.#button("copy", texts.copy, () => this.#copyReport());
  #parts = h("div", { part: "report" });

  constructor() {
    super();
    const root = this.attachShadow({ mode: "open" });
    dress(root, style);
    update(this.#allow, { class: "primary" });
    update(this.#test, { class: "primary" });
    const buttons = h("div", { class: "row" }, this.#allow, this.#test, this.#stop, this.#copy);
    root.append(h("section", { class: "card stack", part: "card" }, this.#verdict, buttons, this.#said, this.#places), this.#parts);
  }

  connectedCallback(): void {
    this.pushkit.addEventListener("change", this.#changed);
    this.pushkit.addEventListener("message", this.#changed);
    this.#refresh();
  }

  disconnectedCallback(): void {
    this.pushkit.removeEventListener("change", this.#changed);
    this.pushkit.removeEventListener("message", this.#changed);
  }

  /** A button; one does its work at a time, and it is said how that failed. */
  #button(part: string, label: string, work: () => Promise<unknown>): HTMLButtonElement {
    const press = async (): Promise<void> => {
      if (this.#busy) return;
      this.#busy = true;
      this.#say("");
      try {
        await work();
      } catch (thrown) {
        this.#say((thrown as PushkitError).message);
      } finally {
        this.#busy = false;
        await this.#refresh();
      }
    };
    return h("button", { type: "button", part, hidden: true, click: press }, label);
  }

  #changed = (): void => void this.#refresh();

  #say(text: string, look = false): void {
    this.#said.textContent = text;
    this.#places.hidden = !look;
  }

  async #sendTest(): Promise<void> {
    const address = this.#report?.server?.address ?? "";
    const { text, look } = await test(this.pushkit, address, (text) => this.#say(text));
    this.#say(text, look);
  }

  async #copyReport(): Promise<void> {
    const copied = await navigator.clipboard.writeText(String(this.#report)).then(
      () => true,
      () => false,
    );
    this.#say(copied ? texts.copied : texts.notCopied);
  }

  async #refresh(): Promise<void> {
    const turn = ++this.#turn;
    const report = await this.pushkit.debug().catch(({ message }: PushkitError) => void (this.#verdict.textContent = message));
    // What was asked later is answered by itself.
    if (!report || turn !== this.#turn) return;
    this.#report = report;
    const { supported, subscribed, permission } = report.status;
    const [first = subscribed ? texts.fine : texts.ready] = report.problems;
    this.#verdict.textContent = first;
    this.#allow.hidden = !supported || subscribed || permission === "denied";
    this.#test.hidden = this.#stop.hidden = !subscribed;
    this.#copy.hidden = false;
    // What is open of the report stays so.
    const open = this.#parts.querySelector("details")?.open;
    this.#parts.replaceChildren(...parts(report));
    update(this.#parts.querySelector("details")!, { open });
    this.setAttribute("state", subscribed ? "subscribed" : supported ? "default" : "unsupported");
  }
}

const list = (items: readonly Child[]): HTMLUListElement => h("ul", {}, ...items.map((item) => h("li", {}, item)));

const table = (rows: [string, string][]): HTMLDListElement =>
  h("dl", {}, ...rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)]));

function parts(report: DebugReport): Child[] {
  const { can, problems, subscription, status, server, workers, lastPush } = report;
  const { names } = texts;
  const abilityRows = (Object.keys(abilities) as (keyof typeof abilities)[]).map((ability): [string, string] => {
    const [name, there, missing] = abilities[ability];
    const has = !!can[ability];
    // Only what is needed is a no.
    const mark = has ? `${texts.yes}. ` : needed.includes(ability) ? `${texts.no}. ` : "";
    return [name, mark + (has ? there : missing)];
  });
  return [
    ...(problems.length > 1 ? [h("h2", {}, texts.wrong), list(problems)] : []),
    h("h2", {}, texts.can),
    table(abilityRows),
    h("h2", {}, texts.subscribed),
    subscription
      ? table([
          [names.service, subscription.pushService],
          [names.channels, status.channels.join(", ") || "–"],
          [names.server, texts.server[server?.subscription ?? ""] ?? server!.subscription],
          [names.worker, workers.map(({ script, state }) => `${script} (${state})`).join(", ")],
        ])
      : h("p", {}, texts.none),
    h("h2", {}, texts.last),
    lastPush
      ? table([
          [names.at, new Date(lastPush.at).toLocaleString()],
          [names.message, lastPush.title],
          [names.outcome, [texts.outcome[lastPush.outcome], lastPush.error].filter(Boolean).join(" ")],
        ])
      : h("p", {}, texts.noPush),
    h("details", {}, h("summary", {}, texts.whole), h("pre", { tabindex: "0" }, String(report))),
  ];
}

declare global {
  interface HTMLElementTagNameMap {
    "pushkit-check": PushkitCheck;
  }
}

if (!customElements.get("pushkit-check")) customElements.define("pushkit-check", PushkitCheck);
