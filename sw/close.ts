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
import type { ShownData } from "./payload";
import { shownData } from "./shown";

// The notifications that were closed for a tag; browsers tell of some of those too.
const closed = new Set<string>();

// Those of a worker of before have no instance.
const idOf = ({ instance, token }: ShownData): string => instance ?? token;

/** Whether it was no person who closed a notification. */
export const wasClosed = (ours: ShownData): boolean => closed.has(idOf(ours));

/** When a token's message was posted, in ms since 1970: the first 48 bits (RFC 9562 section 5.7); NaN for none of ours. */
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

/**
 * Closes our notifications that a person has read elsewhere. What was posted later stays, whatever came first, and so
 * does `instance`, which a push has just shown: without it the push would be a silent one. Never rejects.
 */
export async function closeTags(closings: Closing[], instance = ""): Promise<void> {
  for (const { tag, before } of closings) {
    for (const shown of await worker.registration.getNotifications({ tag }).catch(() => [])) {
      const ours = shownData(shown);
      if (!ours?.token || ours.instance === instance || !(postedAt(ours.token) < before)) continue;
      closed.add(idOf(ours));
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
