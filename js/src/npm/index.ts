// The npm package's "pushkit", for bundlers and for what renders pages on a
// server: there, where no window is, it can be imported and does nothing.
import { Pushkit } from "../pushkit";
import { parseOptions, type PushkitOptions } from "../options";
import type { Status } from "../status";
import { NotInitialized } from "../wire.gen";
import { useServer } from "./client";

export type { Outcome, PromptOptions } from "../elements";
export { PushkitError } from "../error";
export type { NotificationClick, PushkitEventMap, PushMessage } from "../events";
export type { PushkitOptions, SubscribeOptions } from "../options";
export type { Pushkit } from "../pushkit";
export type { Status } from "../status";
export type { Code } from "../wire.gen";

const inPage = typeof document !== "undefined";

class PackagedPushkit extends Pushkit {
  override init(options: PushkitOptions): void {
    if (!inPage) return;
    useServer(parseOptions(options).server);
    super.init(options);
  }

  override async status(): Promise<Status> {
    if (inPage) return super.status();
    return { supported: false, reason: NotInitialized, advice: "", permission: "default", subscribed: false, channels: [] };
  }
}

/** The page's pushkit. */
export const pushkit: Pushkit = /* @__PURE__ */ new PackagedPushkit("");
