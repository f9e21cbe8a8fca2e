type Globals = { [name: string]: unknown };

const page = globalThis as Globals;

// What wasm_exec.js puts on the page, and Go looks for there while it starts.
const names = ["Go", "fs", "path", "process"];

/**
 * Puts these in the place of the page's, and returns the page's. Not by
 * assignment and delete, which throw where the page forbids them.
 */
function exchange(globals: Globals): Globals {
  const before: Globals = {};
  for (const name of names) {
    if (name in page) before[name] = page[name];
    Reflect.set(page, name, globals[name]);
    if (!(name in globals)) Reflect.deleteProperty(page, name);
  }
  return before;
}

// wasm_exec.js takes an fs or process of the page for Node's own, and Go then
// fails on it: it must find none.
let theirs = exchange({});
let ours: Globals;

/** Takes away what wasm_exec.js left: it makes other scripts believe in Node. */
export const hide = (): void => void (ours = exchange(theirs));

/** Puts it back while Go starts, which looks for it once. */
export const show = (): void => void (theirs = exchange(ours));

/** What wasm_exec.js itself writes Go's output through, by this name. */
export const fs = {
  writeSync: (fd: number, bytes: Uint8Array): number => (ours.fs as typeof fs).writeSync(fd, bytes),
};
