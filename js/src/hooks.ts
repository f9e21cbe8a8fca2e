// Types for a site's own code in its service worker, where `pushkit` is a global
// once pushkit-sw.js is imported:
//
//   import type { PushkitWorker } from "pushkit";
//   declare const pushkit: PushkitWorker;

/** A button of a notification. */
export interface HookAction {
  action: string;
  title: string;
  icon?: string;
  /** Where a click on it leads; absent: where the notification does. */
  navigate?: string;
}

/** What a push shows. Addresses are absolute, or relative to the worker's scope in what a handler returns. */
export interface HookNotification {
  title: string;
  body?: string;
  /** Where a click leads. */
  navigate?: string;
  icon?: string;
  image?: string;
  badge?: string;
  tag?: string;
  lang?: string;
  dir?: "ltr" | "rtl";
  actions?: HookAction[];
  requireInteraction?: boolean;
  renotify?: boolean;
  silent?: boolean;
  /** In milliseconds since 1970. */
  timestamp?: number;
  /** In milliseconds, on and off by turns. */
  vibrate?: number[];
  /** The site's own data, as it was sent. */
  data?: unknown;
}

/** What every handler can do. */
export interface HookEvent {
  /**
   * Keeps the worker alive for work that nothing waits for, as
   * `ExtendableEvent.waitUntil` does. What it rejects with goes to the console.
   */
  waitUntil(work: PromiseLike<unknown>): void;
}

/** A push that is about to be shown. */
export interface PushHook extends HookEvent {
  /** A copy: what is to change is returned. */
  notification: HookNotification;
  /** The number for the app's icon; 0 clears it. */
  appBadge?: number;
}

/** What to change of a push; a member that is `undefined` is taken away. */
export interface PushChange {
  notification?: Partial<HookNotification>;
  appBadge?: number;
}

/** A notification that is on the screen, or was. */
export interface ShownNotification {
  title: string;
  body: string;
  tag: string;
  /** Where a click on it leads. */
  navigate: string;
  /** The site's own data, as it was sent. */
  data?: unknown;
}

/** A click. */
export interface ClickHook extends HookEvent {
  notification: ShownNotification;
  /** The button; empty for the notification itself. */
  action: string;
  /** Where this click leads; empty where a handler before said `false`. */
  navigate: string;
}

/** A person closed a notification without a click. */
export interface CloseHook extends HookEvent {
  notification: ShownNotification;
}

type Answer<Value> = Value | void | PromiseLike<Value | void>;

/** The handlers, by what they are called for. */
export interface HookMap {
  /**
   * Called before a notification is shown, which waits 3 seconds at most for all
   * handlers together: one that throws, rejects or takes longer changes nothing,
   * and none can keep a notification from being shown.
   */
  push(event: PushHook): Answer<PushChange>;
  /**
   * Called before a click leads anywhere. Returns another address, or `false`
   * where the handler has done everything itself. Browsers let a click open a
   * window for a moment only, so that the answer is awaited 300 milliseconds.
   */
  click(event: ClickHook): Answer<string | URL | false>;
  close(event: CloseHook): unknown;
}

/** The global `pushkit` of a service worker that imports pushkit-sw.js. */
export interface PushkitWorker {
  /**
   * Adds a handler. Call it when the worker starts, not later: it may be started
   * for a push. Several are called one after the other, each with what those
   * before it made of the push or the click. Throws a TypeError at an unknown type.
   */
  on<Type extends keyof HookMap>(type: Type, handler: HookMap[Type]): void;
}
