import { readRecord } from "../js/src/database";
import {
  MaxClosings,
  PathSubscriptionsClosings,
  RequestTimeout,
  type Closing,
  type ClosingsRequest,
  type ClosingsResponse,
} from "../js/src/wire.gen";
import { scope, worker } from "./scope";
import { shownData } from "./shown";

// The notifications that were closed for a tag; browsers tell of some of those too.
const closed = new Set<string | undefined>();

/** Whether it was no person who closed a notification. */
export const wasClosed = (instance?: string): boolean => closed.has(instance);

/** When a token's message was posted, in ms since 1970: the first 48 bits (RFC 9562 section 5.7); NaN for no token. */
function postedAt(token: string): number {
  try {
    return [...atob(token.slice(0, 8).replaceAll("-", "+").replaceAll("_", "/"))].reduce((ms, byte) => ms * 256 + byte.charCodeAt(0), 0);
  } catch {
    return NaN;
  }
}

/** Reads what to close from a payload or an answer; what is of a wrong type is left out. */
export const readClosings = (list: unknown): Closing[] =>
  (Array.isArray(list) ? list : [])
    .slice(0, MaxClosings)
    .filter((each) => each && typeof each.tag === "string" && each.tag && typeof each.before === "number");

/** Closes our notifications that a person has read elsewhere. What was posted later stays, whatever came first. Never rejects. */
export async function closeTags(closings: Closing[]): Promise<void> {
  for (const { tag, before } of closings) {
    for (const shown of await worker.registration.getNotifications({ tag }).catch(() => [])) {
      const ours = shownData(shown);
      if (!ours || !(postedAt(ours.token) < before)) continue;
      closed.add(ours.instance);
      shown.close();
    }
  }
}

/** Asks the server what is to be closed here, once a page has heard that there is something. Never rejects. */
export async function fetchClosings(): Promise<void> {
  const { server, endpoint = "" } = (await readRecord(scope())) ?? {};
  if (!server) return;
  const answer: ClosingsResponse | undefined = await fetch(server + PathSubscriptionsClosings, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ endpoint } satisfies ClosingsRequest),
    signal: AbortSignal.timeout(RequestTimeout),
  })
    .then((response) => response.json())
    .catch(() => undefined);
  await closeTags(readClosings(answer?.close));
}
