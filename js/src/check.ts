import { isConfirmed, observe, tell } from "./status";
import type { Settings } from "./options";
import { PathSubscriptionsCheck, WorkerCheck, WorkerPing, type CheckRequest } from "./wire.gen";

const key = ({ scope }: Settings): string => "pushkit:" + scope;

/** Remembers in this tab that the server has just confirmed the subscription. */
export function markChecked(settings: Settings): void {
  try {
    sessionStorage.setItem(key(settings), "" + Date.now());
  } catch {
    // A page that may not store asks again at its next load, no more.
  }
}

function isDue(settings: Settings): boolean {
  try {
    return Date.now() - (sessionStorage.getItem(key(settings)) as unknown as number) >= settings.checkEvery;
  } catch {
    return true;
  }
}

/**
 * What a page load does for a subscription: `sync` where something is to be
 * repaired, else one small question to the server at the first page of a
 * visit. Neither for a visitor who never subscribed. The window must lack
 * nothing that push needs.
 */
export async function visit(settings: Settings, sync: () => Promise<unknown>): Promise<unknown> {
  const seen = await observe(settings);
  const { record } = seen;
  const wanted = record?.wanted && Notification.permission === "granted";
  // A subscription of which nothing is stored is Go's to judge, once a visit where it is left alone.
  if (record ? record.removing || (wanted && (record.wantedChannels || !isConfirmed(seen, settings))) : seen.subscription && isDue(settings))
    return sync().then(() => markChecked(settings));
  if (!wanted || !isDue(settings)) return;
  const { endpoint, applicationServerKey, channels } = record;
  // Wakes the worker, which then reports what it could not report before, whatever the server does.
  tell(seen, WorkerPing);
  // A server that is away is asked again at the next page.
  const { status, ok } = await fetch(settings.server + PathSubscriptionsCheck, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ endpoint, applicationServerKey, channels } satisfies CheckRequest),
  }).catch((): Partial<Response> => ({}));
  // There is something to close.
  if (status === 200) tell(seen, WorkerCheck);
  if (status === 404 || status === 410) return sync();
  if (ok) markChecked(settings);
}
