import { readRecord, type RegistrationRecord } from "../js/src/database";
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
  // Firefox may leave what uses the storage that it clears unsettled: pages do not wait for that.
  const timeUp = new Promise((resolve) => (AbortSignal.timeout(RequestTimeout).onabort = resolve));
  const work = (): Promise<unknown> => Promise.race([renewAlone(event), timeUp]);
  // The lock under which a page's Go changes the subscription.
  await (worker.navigator.locks ? worker.navigator.locks.request("pushkit:" + scope(), work) : work());
  await tellPages({ type: WorkerChange });
}

async function renewAlone(event: SubscriptionChange): Promise<void> {
  const record = await readRecord(scope());
  // Where the visitor unsubscribed, its loss is no loss.
  if (!record?.wanted) return;
  const follows = await renewed(record, event).catch(() => ({ ...record, pending: true }));
  // Firefox tells of the subscription's end before it clears the site's other data:
  // what a person has cleared must not come back by that.
  if (!(await changeRecord(() => follows))) await (await worker.registration.pushManager.getSubscription())?.unsubscribe();
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
