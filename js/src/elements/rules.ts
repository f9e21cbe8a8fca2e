/** When a prompt may be shown: where all of these hold. */
export interface Rules {
  /** From which visit on; default 1, the first. */
  visits?: number;
  /** How many seconds after the prompt was set up. */
  seconds?: number;
  /** How far the page is scrolled, in percent of its length. */
  scroll?: number;
  /** The name of an event that the document hears. */
  event?: string;
  /** How many days after "not now" it may be shown again; default 7. */
  again?: number;
}

/** What is remembered of a person's answers, in localStorage under `pushkit:prompt`. */
export interface Memory {
  /** How many visits there were, and when the last page of the last one was opened. */
  visits: number;
  seen: number;
  /** When "not now" was said; times are in milliseconds since 1970. */
  later?: number;
  /** A no is for ever. */
  no?: true;
}

/** A pause of this length, in ms, makes the next page a new visit. */
const pause = 30 * 60_000;
const day = 24 * 60 * 60_000;

/** Takes what is stored, which may be nothing or anything. */
export function readMemory(text: string | null): Memory {
  const memory: Memory = { visits: 0, seen: 0 };
  let stored: Partial<Memory> | null = null;
  try {
    stored = JSON.parse(text!);
  } catch {
    // As if nothing had been stored.
  }
  const time = (value: unknown): number => (Number.isFinite(value) ? (value as number) : 0);
  memory.visits = time(stored?.visits);
  memory.seen = time(stored?.seen);
  if (time(stored?.later)) memory.later = time(stored!.later);
  if (stored?.no) memory.no = true;
  return memory;
}

/** Counts the page that is opened now. */
export const countVisit = (memory: Memory, now: number): Memory => ({
  ...memory,
  // A clock that was put back makes no visit of every page.
  visits: memory.visits + (Math.abs(now - memory.seen) > pause ? 1 : 0),
  seen: now,
});

/** Whether the person may be asked, as far as what they have said and how often they came decides it. */
export const mayAsk = (memory: Memory, { visits = 1, again = 7 }: Rules, now: number): boolean =>
  !memory.no && memory.visits >= visits && (!memory.later || now - memory.later >= again * day);

/** How far a page is scrolled, in percent; a page that has nothing to scroll is at its end. */
export const scrolled = (top: number, window: number, page: number): number =>
  page > window ? (100 * top) / (page - window) : 100;
