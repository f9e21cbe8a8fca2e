const page = globalThis as { [name: string]: unknown };

// What wasm_exec.js puts on the page where it is not there already.
const left = ["Go", "fs", "path", "process"].filter((name) => !page[name]);
const kept: typeof page = {};

/** Takes away what wasm_exec.js left: it makes other scripts believe in Node. */
export function hide(): void {
  for (const name of left) {
    kept[name] = page[name];
    delete page[name];
  }
}

/** Puts it back while Go starts, which looks for it once. */
export const show = (): void => void Object.assign(page, kept);

/** What wasm_exec.js itself writes Go's output through, by this name. */
export const fs = {
  writeSync: (fd: number, bytes: Uint8Array): number => ((kept.fs ?? page.fs) as typeof fs).writeSync(fd, bytes),
};
