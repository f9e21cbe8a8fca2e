import { Pushkit } from "./pushkit";

export type { DebugReport } from "./debug";
export type { Outcome, PromptOptions } from "./elements";
export { PushkitError } from "./error";
export type { NotificationClick, PushkitEventMap, PushMessage } from "./events";
export type {
  ClickHook,
  CloseHook,
  HookAction,
  HookMap,
  HookNotification,
  PushChange,
  PushHook,
  PushkitWorker,
  ShownNotification,
} from "./hooks";
export type { PushkitOptions, SubscribeOptions } from "./options";
export type { Pushkit } from "./pushkit";
export type { Status } from "./status";
export type { Code } from "./wire.gen";

export const pushkit = new Pushkit(import.meta.url);
