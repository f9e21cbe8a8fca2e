import type { RegistrationRecord } from "../js/src/database";
import {
  PathSubscriptions,
  RequestTimeout,
  WorkerChange,
  type SubscribeRequest,
  type SubscribeResponse,
} from "../js/src/wire.gen";
import { tellPages } from "./messages";
import { changeRecord } from "./record";
import { scope, worker } from "./scope";

/** What the event carries (Push API, PushSubscriptionChangeEvent); older browsers leave both out. */
interface SubscriptionChange {
  readonly oldSubscription?: PushSubscription | null;
  readonly newSubscription?: PushSubscription | null;
}

/**
 * Subscribes anew after the browser lost or changed the subscription, and tells
 * the server which one it follows. What fails is left to the next page, by a
 * mark in the record.
 */
export async function renew(event: SubscriptionChange): Promise<void> {
  const work = (): Promise<void> => renewAlone(event);
  // The lock under which a page's Go changes the subscription.
  await (worker.navigator.locks ? worker.navigator.locks.request("pushkit:" + scope(), work) : work());
  await tellPages({ type: WorkerChange });
}

async function renewAlone({ oldSubscription, newSubscription }: SubscriptionChange): Promise<void> {
  // By a change of nothing, since it ends whatever the browser does.
  const record = await changeRecord((record) => record);
  // Where the visitor unsubscribed, its loss is no loss.
  if (!record?.wanted) return;
  const { pushManager } = worker.registration;
  let subscription = newSubscription;
  let follow = (record: RegistrationRecord): RegistrationRecord => ({ ...record, pending: true });
  try {
    const applicationServerKey = oldSubscription?.options.applicationServerKey ?? record.applicationServerKey;
    subscription ??= await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
    const { endpoint, options } = subscription;
    if (endpoint === record.endpoint && !record.pending) return;
    // The key that it was made with: the record has none before the server's first word.
    const key = options.applicationServerKey;
    const made = key ? { applicationServerKey: base64url(key) } : {};
    const { id, channels } = await post({ ...record, ...made }, subscription);
    follow = ({ wantedChannels: _, ...record }) => ({ ...record, ...made, endpoint, id, channels, pending: false });
  } catch {
    // Left to the next page.
  }
  const keep = () => changeRecord((record) => (record.wanted ? follow(record) : record));
  // Firefox tells of the subscription's end before it clears the site's other data:
  // what a person has cleared must not come back by that. A second look, where it
  // said nothing to the first.
  const kept = await keep().catch(keep);
  if (!kept?.wanted) await subscription?.unsubscribe();
}

/** Without padding, as the server writes its keys. */
const base64url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");

async function post(record: RegistrationRecord, subscription: PushSubscription): Promise<SubscribeResponse> {
  const body: SubscribeRequest = {
    ...(subscription.toJSON() as object as Pick<SubscribeRequest, "endpoint" | "keys">),
    applicationServerKey: record.applicationServerKey,
    // A server that lost the old subscription learns the channels from us.
    channels: record.wantedChannels ?? (record.id ? record.channels : undefined),
    replaces: record.endpoint && record.endpoint !== subscription.endpoint ? record.endpoint : undefined,
  };
  const response = await fetch(record.server + PathSubscriptions, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(RequestTimeout),
  });
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}
