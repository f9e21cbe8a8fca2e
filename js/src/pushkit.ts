import { markChecked, visit } from "./check";
import { loadClient } from "./client";
import type { DebugReport } from "./debug";
import type { Outcome, PromptOptions } from "./elements";
import { PushkitError, toError, unreachable } from "./error";
import type { PushkitEventMap, PushkitListener } from "./events";
import type { Args, Client } from "./exec";
import { parseOptions, parseSubscribeOptions, type PushkitOptions, type Settings, type SubscribeOptions } from "./options";
import { lacking, observe, readStatus, tell, type Status } from "./status";
import { FileDebug, FileElements, NotInitialized, PermissionDenied, WorkerChange, WorkerClick, WorkerPush } from "./wire.gen";

/**
 * Web push for a page. It observes, and holds the user's gesture; all changes
 * are made by Go, whose WebAssembly is loaded when there is something to change.
 */
export class Pushkit extends EventTarget {
  #base: string;
  #settings?: Settings;
  #asking?: Promise<NotificationPermission>;
  #clickListeners = new Set<unknown>();

  /** `base` is the address of this script. */
  constructor(base: string) {
    super();
    this.#base = base;
  }

  /**
   * Names the server; call it on every page. Once the page is idle it repairs
   * what is to be repaired and says by an `error` event what could not be.
   * Throws `invalid-option`.
   */
  init(options: PushkitOptions): void {
    const settings = (this.#settings = parseOptions(options));
    this.#emit("change");
    if (lacking()) return;
    navigator.serviceWorker.addEventListener("message", this.#hear);
    navigator.permissions
      ?.query({ name: "notifications" })
      .then(
        (permission) => (permission.onchange = () => this.#emit("change")),
        // Only comfort: not every browser knows this name.
        () => {},
      );
    (window.requestIdleCallback ?? setTimeout)(() =>
      visit(settings, () => this.sync()).catch((thrown) => this.#emit("error", toError(thrown))),
    );
  }

  /** How things stand, as of the last word from the server. Never rejects, loads nothing. */
  status(): Promise<Status> {
    return readStatus(this.#settings);
  }

  /**
   * Asks for permission where that is open, and ends in a subscription that the
   * server has. Call it in a click, before anything that waits. Rejects with a
   * PushkitError.
   */
  subscribe(options?: SubscribeOptions): Promise<Status> {
    return this.#act("subscribe", options, () => {
      if (Notification.permission === "denied") throw new PushkitError(PermissionDenied);
      const gesture = navigator.userActivation?.isActive !== false;
      // Now, not when Go is there: the browser asks within the click only.
      if (Notification.permission === "default") {
        // A second question would end the first without an answer.
        this.#asking ??= Notification.requestPermission().finally(() => (this.#asking = undefined));
      }
      return { gesture, permission: this.#asking };
    });
  }

  /**
   * Ends the subscription in the browser and on the server; where the server
   * is away, it is told later. Rejects with a PushkitError.
   */
  unsubscribe(): Promise<Status> {
    return this.#act("unsubscribe");
  }

  /**
   * The channels of the subscription: those that the server confirmed, and
   * changes to them. A change rejects with a PushkitError, `not-subscribed`
   * where there is no subscription; where the server is away, it is told later.
   */
  readonly channels = {
    list: async (): Promise<string[]> => (await this.status()).channels,
    add: (...addChannels: string[]): Promise<Status> => this.#act("change", {}, () => ({ addChannels })),
    remove: (...removeChannels: string[]): Promise<Status> => this.#act("change", {}, () => ({ removeChannels })),
    /** Replaces all. */
    set: (channels: string[]): Promise<Status> => this.#act("change", { channels }),
  };

  /**
   * Says whose the subscription is, by a JWT of the site's back end. Rejects
   * with a PushkitError, `not-subscribed` where there is no subscription.
   */
  identify(userToken: string): Promise<Status> {
    return this.#act("change", { userToken });
  }

  /**
   * Unsubscribes, and removes everything that pushkit keeps in this browser.
   * Rejects with a PushkitError, `server-unreachable` where the server could not
   * be told, `push-service-unreachable` where the browser did not end its
   * subscription: call it again.
   */
  forget(): Promise<Status> {
    return this.#act("forget");
  }

  /**
   * Asks the person before the browser does, once the options allow it, and
   * tells how that ended. It loads what it shows.
   */
  async prompt(options?: PromptOptions): Promise<Outcome> {
    const elements: typeof import("./elements") = await (PUSHKIT_PACKAGED ? import("./elements").catch(unreachable) : this.#load(FileElements));
    return elements.prompt(this, options);
  }

  /**
   * What this browser can do, what is subscribed and what the last push did, for
   * whoever helps a person; as a text it is `String(await pushkit.debug())`. No
   * endpoint and no key is in it. It loads what it needs.
   */
  async debug(): Promise<DebugReport> {
    const { debug }: typeof import("./debug") = await (PUSHKIT_PACKAGED ? import("./debug").catch(unreachable) : this.#load(FileDebug));
    return debug(this.#settings);
  }

  /** Makes browser and server agree, without asking anybody. Rejects with a PushkitError. */
  sync(): Promise<Status> {
    return this.#act("sync");
  }

  override addEventListener<Type extends keyof PushkitEventMap>(
    type: Type,
    listener: PushkitListener<Type> | null,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListener, options);
    const { once, signal } = Object(options);
    if (type === "click" && listener && !signal?.aborted) {
      const gone = () => this.#clickListeners.delete(listener);
      this.#clickListeners.add(listener);
      signal?.addEventListener("abort", gone);
      if (once) super.addEventListener(type, gone, options);
    }
  }

  override removeEventListener<Type extends keyof PushkitEventMap>(
    type: Type,
    listener: PushkitListener<Type> | null,
    options?: boolean | EventListenerOptions,
  ): void {
    super.removeEventListener(type, listener as EventListener, options);
    if (type === "click") this.#clickListeners.delete(listener);
  }

  /** A file beside this one. */
  #load(file: string): Promise<any> {
    // import() makes the text of it by itself.
    return import(new URL(file, this.#base) as unknown as string).catch(unreachable);
  }

  #emit(type: keyof PushkitEventMap, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Runs up to Go's download in the caller's own task, as the prompt needs. */
  async #act(method: keyof Client, options?: SubscribeOptions, more?: () => Partial<Args>): Promise<Status> {
    const settings = this.#settings;
    if (!settings || lacking()) throw new PushkitError(lacking() ?? NotInitialized);
    try {
      const args = { ...settings, ...parseSubscribeOptions(options), ...more?.() };
      const state = await (await loadClient(this.#base))[method](args);
      if (state.subscribed) markChecked(settings);
      // Go's word goes before what is seen now, where another call may be under way.
      return Object.assign(await this.status(), state);
    } catch (thrown) {
      throw toError(thrown, settings.server);
    } finally {
      this.#emit("change");
      // The worker tells the other tabs.
      observe(settings).then((seen) => tell(seen, WorkerChange)).catch(() => {});
    }
  }

  #hear = ({ data, ports: [port] }: MessageEvent): void => {
    const { type, ...detail } = Object(data?.pushkit);
    if (type === WorkerChange || type === WorkerPush) this.#emit(type, detail);
    if (type === WorkerClick && port) {
      // Of all pages that answer the worker chooses one, and tells it so.
      port.onmessage = () => this.#emit("click", detail);
      port.postMessage(this.#clickListeners.size > 0);
    }
  };
}
