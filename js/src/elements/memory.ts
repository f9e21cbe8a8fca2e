import { countVisit, readMemory, type Memory } from "./rules";

const key = "pushkit:prompt";

/** What is remembered; undefined where the browser refuses to. Then nobody is asked: a no could not be kept. */
export function recall(): Memory | undefined {
  try {
    return readMemory(localStorage.getItem(key));
  } catch {
    return undefined;
  }
}

/** Changes it, and says whether it is kept. */
export function remember(change: (memory: Memory) => Memory): boolean {
  try {
    localStorage.setItem(key, JSON.stringify(change(readMemory(localStorage.getItem(key)))));
    return true;
  } catch {
    return false;
  }
}

/** Remembers that the person does not want to be asked. */
export const rememberNo = (): boolean => remember((memory) => ({ ...memory, no: true }));

/** A person who has subscribed since may be asked again, should they ever lose it. */
export const forgetNo = (): boolean => remember(({ visits, seen }) => ({ visits, seen }));

let counted = false;

/** Counts this page once, however many prompts it has. */
export function rememberVisit(): boolean {
  counted ||= remember((memory) => countVisit(memory, Date.now()));
  return counted;
}
