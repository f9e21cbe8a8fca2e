import { createStores, leaveAbsent, readRecord, settled, transact } from "../js/src/database";
import {
  EventClosed,
  MaxEvents,
  MaxTTL,
  PathEvents,
  StoreEvents,
  type EventRecord,
  type EventReport,
} from "../js/src/wire.gen";
import { scope, worker } from "./scope";

/** The tag of the one-off background sync that sends what could not be sent. */
export const SyncTag = "pushkit";

/**
 * How long a push may take, in ms: its event must end well within 5 s in WebKit.
 * What does not get through until then waits for the next occasion.
 */
export const HandlerTime = 4_000;

const clicked = new Set<string>();

/** Remembers a click at once: Firefox closes what is clicked and then says that it was closed. */
export const markClicked = (token: string): unknown => clicked.add(token);

export const wasClicked = (token: string): boolean => clicked.has(token);

let sending: Promise<boolean> | undefined;

/**
 * Keeps an event until the server has it, and sends all that are kept. Without
 * a token there is nobody to tell. `limit` is for the server's answer, in ms.
 * Never rejects.
 */
export async function report(type: EventReport["type"], token: string, action = "", limit = HandlerTime): Promise<void> {
  if (!token || (type === EventClosed && wasClicked(token))) return;
  const server = (await readRecord(scope()))?.server;
  if (!server) return;
  const event: EventReport = { token, type, at: Date.now() };
  if (action) event.action = action;
  const record: EventRecord = { server, event };
  try {
    // First kept and then sent: the browser may end a worker at any time.
    await transact(StoreEvents, "readwrite", createStores, (store) => settled(store.add(record)));
  } catch {
    return void (await post(server, [event], limit));
  }
  await flush(limit);
}

/**
 * Sends what is kept, one flush after the other. Never rejects; false where
 * something stays. One that waited for another which failed does not try again:
 * a push handler has no time to wait for the same server twice.
 */
export function flush(limit = HandlerTime): Promise<boolean> {
  const done = (sending ? sending.then((all) => all && send(limit)) : send(limit)).catch(() => false);
  sending = done;
  return done.then(async (all) => {
    if (sending === done) sending = undefined;
    // Chromium wakes the worker for this when the network is back.
    if (!all) await (worker.registration as SyncRegistration).sync?.register(SyncTag).catch(() => {});
    return all;
  });
}

/** Background Synchronization, which TypeScript's library lacks. */
type SyncRegistration = ServiceWorkerRegistration & { sync?: { register(tag: string): Promise<void> } };

async function send(limit: number): Promise<boolean> {
  const [keys, records] = await transact(StoreEvents, "readonly", leaveAbsent, (store) =>
    Promise.all([settled(store.getAllKeys()), settled(store.getAll() as IDBRequest<EventRecord[]>)]),
  ).catch(() => [[], []]);
  const oldest = Date.now() - MaxTTL * 1000;
  const remove: IDBValidKey[] = [];
  const waiting = new Map<string, { key: IDBValidKey; event: EventReport }[]>();
  records.forEach(({ server, event }, i) => {
    // Longer than any message lives, no server waits for an event.
    if (event.at < oldest) remove.push(keys[i]!);
    else waiting.set(server, [...(waiting.get(server) ?? []), { key: keys[i]!, event }]);
  });
  let all = true;
  for (const [server, entries] of waiting) {
    for (let i = 0; i < entries.length; i += MaxEvents) {
      const batch = entries.slice(i, i + MaxEvents);
      if (!(await post(server, batch.map(({ event }) => event), limit))) {
        // One wait for a server that is away is enough.
        all = false;
        break;
      }
      remove.push(...batch.map(({ key }) => key));
    }
  }
  if (remove.length) {
    await transact(StoreEvents, "readwrite", createStores, (store) =>
      Promise.all(remove.map((key) => settled(store.delete(key)))),
    );
  }
  return all;
}

/** Whether the server is done with the events: it has them, or will never take them. */
async function post(server: string, events: EventReport[], limit: number): Promise<boolean> {
  try {
    const { ok, status } = await fetch(server + PathEvents, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(events),
      signal: AbortSignal.timeout(Math.max(limit, 0)),
    });
    return ok || status === 400 || status === 413;
  } catch {
    return false;
  }
}
