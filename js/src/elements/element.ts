import { pushkit as moduleInstance } from "pushkit";
import type { PushkitError } from "../error";
import type { SubscribeOptions } from "../options";
import type { Pushkit } from "../pushkit";
import type { Status } from "../status";
import { forgetNo, rememberNo } from "./memory";
import { stateOf, type Known, type State } from "./state";
import { dress } from "./style";
import { textsFor, type Texts } from "./texts";

/** How long a page may take until it calls init(), in ms. */
const patience = 3_000;

/** The nearest lang, through shadow roots; the document's where none is nearer. */
function languageAt(element: Element): string {
  const near = element.closest<HTMLElement>("[lang]");
  const root = element.getRootNode();
  return near ? near.lang : root instanceof ShadowRoot ? languageAt(root.host) : "";
}

/** Whether the browser has still to ask the person. */
const isOpen = (): boolean => "Notification" in window && Notification.permission === "default";

/** What all elements have in common: they show a state in the page's language, and act in a click. */
export abstract class PushkitElement extends HTMLElement {
  /** Which pushkit it is about; default the page's. */
  pushkit: Pushkit = window.pushkit ?? moduleInstance;
  /** Options of subscribe() besides the channels. */
  options: SubscribeOptions = {};

  protected readonly root: ShadowRoot;
  protected known: Known = {};
  protected texts?: Texts;
  #turn = 0;
  #again?: () => Promise<Status>;
  #late = 0;

  constructor(style: string) {
    super();
    this.root = this.attachShadow({ mode: "open" });
    dress(this.root, style);
  }

  /** What the element shows, as its attribute `state` says too. */
  get state(): State {
    return stateOf(this.known);
  }

  connectedCallback(): void {
    this.pushkit.addEventListener("change", this.#changed);
    this.#late = window.setTimeout(() => {
      this.known.late = true;
      this.refresh();
    }, patience);
    this.refresh();
  }

  disconnectedCallback(): void {
    this.pushkit.removeEventListener("change", this.#changed);
    clearTimeout(this.#late);
  }

  /** Brings what is shown to what is known and what the texts say. */
  protected abstract render(state: State, texts: Texts): void;

  /** Looks how things stand, and shows it. */
  protected async refresh(): Promise<void> {
    const turn = ++this.#turn;
    const [texts, status] = await Promise.all([textsFor(languageAt(this)), this.pushkit.status()]);
    // What was asked later is answered by itself.
    if (turn !== this.#turn) return;
    this.texts = texts;
    this.known.status = status;
    this.show();
  }

  protected show(): void {
    if (!this.texts) return;
    const { state } = this;
    this.render(state, this.texts);
    this.setAttribute("state", state);
  }

  /** The channels that an attribute of this element names, separated by commas; undefined without it. */
  protected get channels(): string[] | undefined {
    const names = this.getAttribute("channels");
    return names?.split(",").map((name) => name.trim()).filter(Boolean);
  }

  /** Subscribes; in a click only, since the browser may ask. */
  protected subscribe(channels = this.channels): Promise<boolean> {
    return this.act(() => {
      const subscribing = this.pushkit.subscribe({ ...this.options, ...(channels && { channels }) });
      subscribing.then(forgetNo, () => {});
      return subscribing;
    });
  }

  /** Unsubscribes, and remembers that this person does not want to be asked. */
  protected unsubscribe(): Promise<boolean> {
    return this.act(() => this.pushkit.unsubscribe().finally(rememberNo));
  }

  /** Does again what failed. */
  protected retry(): Promise<boolean> {
    return this.#again ? this.act(this.#again) : this.refresh().then(() => !this.known.failed);
  }

  /** Runs what a click asks for, one at a time, and shows how it goes; false where it failed. */
  protected async act(work: () => Promise<Status>): Promise<boolean> {
    const { known } = this;
    if (known.doing) return false;
    this.#again = work;
    delete known.failed;
    known.doing = isOpen() ? "asking" : "busy";
    // Now, in the click's own task.
    const working = work();
    this.show();
    try {
      await working;
      return true;
    } catch (thrown) {
      known.failed = (thrown as PushkitError).code;
      return false;
    } finally {
      delete known.doing;
      await this.refresh();
    }
  }

  #changed = (): void => {
    const { known } = this;
    if (!known.doing) delete known.failed;
    else if (!isOpen()) known.doing = "busy";
    this.refresh();
  };
}
