import type { PushkitError } from "./error";

/** What a push showed. */
export interface PushMessage {
  title: string;
  body: string;
  tag: string;
  /** The absolute address that a click leads to. */
  navigate: string;
  /** The site's own data, as it was sent. */
  data?: unknown;
}

/** A click on a notification. */
export interface NotificationClick extends PushMessage {
  /** The button; empty for the notification itself. */
  action: string;
}

/** The events of pushkit. */
export interface PushkitEventMap {
  /** Something that `status()` tells may have changed, here or in another tab. */
  change: Event;
  /** A push arrived and was shown. */
  message: CustomEvent<PushMessage>;
  /**
   * A notification was clicked that leads to an address which no window is at:
   * a page that listens routes to `detail.navigate` itself.
   */
  click: CustomEvent<NotificationClick>;
  /** A repair in the background failed. */
  error: CustomEvent<PushkitError>;
}

/** A listener of one type of event. */
export type PushkitListener<Type extends keyof PushkitEventMap> =
  | ((event: PushkitEventMap[Type]) => void)
  | { handleEvent(event: PushkitEventMap[Type]): void };
