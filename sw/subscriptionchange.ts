import { leaveAbsent, readRecord, settled, transact, type RegistrationRecord } from "../js/src/database";
import {
  PathSubscriptions,
  RequestTimeout,
  StoreRegistrations,
  WorkerChange,
  type SubscribeRequest,
  type SubscribeResponse,
} from "../js/src/wire.gen";
import { tellPages } from "./messages";
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
  // Firefox may leave what uses the storage that it clears unsettled: pages do not wait for that.
  const work = (): Promise<unknown> => Promise.race([renewAlone(event), new Promise((resolve) => setTimeout(resolve, RequestTimeout))]);
  // The lock under which a page's Go changes the subscription.
  await (worker.navigator.locks ? worker.navigator.locks.request("pushkit:" + scope(), work) : work());
  await tellPages({ type: WorkerChange });
}

async function renewAlone(event: SubscriptionChange): Promise<void> {
  const record = await readRecord(scope());
  // Where the visitor unsubscribed, its loss is no loss.
  if (!record?.wanted) return;
  const kept = await keep(await renewed(record, event).catch(() => ({ ...record, pending: true })));
  if (!kept) await (await worker.registration.pushManager.getSubscription())?.unsubscribe();
}

/** The record of the subscription that follows. */
async function renewed(
  record: RegistrationRecord,
  { oldSubscription, newSubscription }: SubscriptionChange,
): Promise<RegistrationRecord> {
  const applicationServerKey = oldSubscription?.options.applicationServerKey ?? record.applicationServerKey;
  const subscription =
    newSubscription ?? (await worker.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey }));
  if (subscription.endpoint === record.endpoint && !record.pending) return record;
  // The key that it was made with: the record has none before the server's first word.
  const key = subscription.options.applicationServerKey;
  const told = { ...record, ...(key && { applicationServerKey: base64url(key) }) };
  const { id, channels } = await post(told, subscription);
  const { wantedChannels: _, ...rest } = told;
  return { ...rest, endpoint: subscription.endpoint, id, channels, pending: false };
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

/**
 * Keeps the record unless it has gone meanwhile, and says so. Firefox tells of
 * the subscription's end before it clears the site's other data: what a person
 * has cleared must not come back by that.
 */
const keep = (record: RegistrationRecord): Promise<boolean> =>
  transact(StoreRegistrations, "readwrite", leaveAbsent, async (store) => {
    const there = (await settled(store.count(scope()))) > 0;
    if (there) await settled(store.put(record, scope()));
    return there;
  }).catch((error: Error) => {
    // Not even the database is there.
    if (error.name === "AbortError") return false;
    throw error;
  });
