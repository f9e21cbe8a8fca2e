import { readRecord, type RegistrationRecord } from "./database";
import { advice, toError } from "./error";
import type { Settings } from "./options";
import {
  ForeignServiceWorker,
  InsecureContext,
  IOSNeedsInstall,
  LookAgain,
  NoPushManager,
  NoServiceWorker,
  NotInitialized,
  NoWebAssembly,
  PermissionDenied,
  WorkerAnswerTimeout,
  WorkerPing,
  WorkerPong,
  type Code,
} from "./wire.gen";

/** How things stand in this browser, from `pushkit.status()`. */
export interface Status {
  /** Whether this browser window can receive pushes at all. */
  supported: boolean;
  /** What is in the way, from a closed list; null where nothing is. */
  reason: Code | null;
  /** What to tell a person about the reason; empty without one. */
  advice: string;
  permission: NotificationPermission;
  /** Whether the server has confirmed the subscription that this browser has now. */
  subscribed: boolean;
  /** The channels that the server confirmed. */
  channels: string[];
  /** The server's id of the subscription, to send to it; absent or empty without one. */
  id?: string;
  /** The push service's address of the subscription; absent or empty without one. */
  endpoint?: string;
}

/** What browser and database hold for our scope. */
export interface Observation {
  registration?: ServiceWorkerRegistration;
  subscription?: PushSubscription | null;
  record?: RegistrationRecord;
}

/** What this browser window lacks for push, known at once. */
export function lacking(): Code | null {
  if (!isSecureContext) return InsecureContext;
  const notifies = "Notification" in window;
  // Safari on iOS and iPadOS, which alone has `standalone`, shows the push
  // interfaces to Home Screen apps only.
  if (!notifies && (navigator as { standalone?: boolean }).standalone === false) return IOSNeedsInstall;
  if (!("serviceWorker" in navigator)) return NoServiceWorker;
  if (!notifies || !("PushManager" in window)) return NoPushManager;
  try {
    // The smallest module: a page's policy refuses it as it refuses ours.
    new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch {
    return NoWebAssembly;
  }
  return null;
}

/** Looks at browser and database; rejects where the browser refuses to be asked. */
export async function observe({ scope }: Settings): Promise<Observation> {
  const registration = await navigator.serviceWorker.getRegistration(scope);
  // getRegistration gives the nearest scope above where there is no own one.
  const own = registration?.scope === scope ? registration : undefined;
  const asking =
    own &&
    new Promise<PushSubscription | null>((resolve, reject) => {
      const ask = () => own.pushManager.getSubscription().then(resolve, reject).then(() => clearInterval(again));
      // Firefox never answers a page that asks before its push service is up, such as one that it opens as it starts.
      const again = setInterval(ask, LookAgain);
      ask();
    });
  const [subscription, record] = await Promise.all([asking, readRecord(scope)]);
  return { registration: own, subscription, record };
}

/** Whether the server has confirmed, and the visitor still wants, what the browser holds. */
export const isConfirmed = ({ subscription, record }: Observation, { server }: Settings): boolean | undefined =>
  record?.wanted && !record.pending && record.server === server && subscription?.endpoint === record.endpoint;

/** Sends the worker a message without an answer. */
export const tell = ({ registration }: Observation, type: string): void =>
  registration?.active?.postMessage({ pushkit: { type } });

/** Whether a worker with a file of another name says that it imports ours. */
const importsOurs = (worker: ServiceWorker): Promise<unknown> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data?.pushkit?.type === WorkerPong);
    setTimeout(resolve, WorkerAnswerTimeout);
    worker.postMessage({ pushkit: { type: WorkerPing } }, [port2]);
  });

async function isForeign({ registration }: Observation, { serviceWorker }: Settings): Promise<boolean> {
  const worker = registration?.active ?? registration?.waiting ?? registration?.installing;
  return !!worker && worker.scriptURL !== serviceWorker && !(await importsOurs(worker));
}

/** Looks and changes nothing; never rejects. */
export async function readStatus(settings?: Settings): Promise<Status> {
  const reason = lacking();
  const status: Status = {
    supported: !reason,
    reason,
    advice: "",
    permission: "Notification" in window ? Notification.permission : "default",
    subscribed: false,
    channels: [],
  };
  try {
    if (!settings) {
      status.reason ??= NotInitialized;
    } else if (!reason) {
      const seen = await observe(settings);
      if (await isForeign(seen, settings)) {
        status.supported = false;
        status.reason = ForeignServiceWorker;
      } else if (status.permission === "denied") {
        status.reason = PermissionDenied;
      } else if (isConfirmed(seen, settings)) {
        const { channels, id, endpoint } = seen.record!;
        Object.assign(status, { subscribed: true, channels: channels ?? [], id, endpoint });
      }
    }
  } catch (thrown) {
    status.reason = toError(thrown).code;
  }
  if (status.reason) status.advice = advice(status.reason, settings?.server);
  return status;
}
