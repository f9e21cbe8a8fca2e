import {
  InsecureContext,
  IOSNeedsInstall,
  NoPushManager,
  NoServiceWorker,
  NotInitialized,
  PermissionDenied,
  PermissionDismissed,
  PushServiceUnreachable,
  ServerUnreachable,
  StorageFailed,
  Unavailable,
  Unexpected,
  type Code,
} from "../wire.gen";
import type { Status } from "../status";
import type { Texts } from "./texts";

/** What an element shows. */
export type State =
  /** Nothing is known yet. */
  | "pending"
  | "unsupported"
  /** iOS, which wants the site on the Home Screen first. */
  | "install"
  | "blocked"
  /** The person can subscribe. */
  | "default"
  /** The browser's own question is open. */
  | "asking"
  | "busy"
  | "subscribed"
  /** The browser's question was closed without an answer. */
  | "dismissed"
  | "error";

/** What is known. */
export interface Known {
  status?: Status;
  /** What a click has begun. */
  doing?: "asking" | "busy";
  /** The code with which the last click failed. */
  failed?: Code;
  /** Whether the page had its time to call init(). */
  late?: boolean;
}

export function stateOf({ status, doing, failed, late }: Known): State {
  if (doing) return doing;
  if (!status) return "pending";
  const { reason } = status;
  if (reason === NotInitialized) return late ? "unsupported" : "pending";
  if (reason === IOSNeedsInstall) return "install";
  if (!status.supported) return "unsupported";
  if (status.permission === "denied" || failed === PermissionDenied) return "blocked";
  if (failed) return failed === PermissionDismissed ? "dismissed" : "error";
  // The browser refuses to tell: perhaps not the next time.
  if (reason) return "error";
  return status.subscribed ? "subscribed" : "default";
}

const reasons: { [code: Code]: keyof Texts } = {
  [InsecureContext]: "insecure",
  [NoServiceWorker]: "window",
  [NoPushManager]: "browser",
  [PushServiceUnreachable]: "service",
  [ServerUnreachable]: "server",
  [Unavailable]: "server",
  [StorageFailed]: "storage",
  [PermissionDismissed]: "dismissed",
  [Unexpected]: "unexpected",
};

/** Which text tells a person about a code. All others are the site's mistakes. */
export const reasonText = (code: Code): keyof Texts => reasons[code] ?? "site";
