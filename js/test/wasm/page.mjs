// Runs in the page: the Go program, whose output and exit code go to run.mjs.

/** What wasm_exec.js leaves. @type {any} */
const globals = globalThis;

const decoder = { 1: new TextDecoder(), 2: new TextDecoder() };
/** @type {{stream: 1 | 2, text: string}[]} */
const waiting = [];
/** @type {Promise<void> | undefined} */
let telling;

/**
 * Sends text to the terminal. Not synchronous: Firefox would run other events meanwhile, and Go must not be re-entered.
 *
 * @param {1 | 2} stream
 * @param {string} text
 */
function print(stream, text) {
  waiting.push({ stream, text });
  telling ??= tell().finally(() => (telling = undefined));
}

async function tell() {
  while (waiting.length > 0) {
    await fetch("/output", { method: "POST", body: JSON.stringify(waiting.splice(0)) });
  }
}

/** @param {unknown} error */
const describe = (error) => (error instanceof Error ? `${error}\n${error.stack}` : String(error));

addEventListener("error", (event) => print(2, `uncaught in the page: ${describe(event.error ?? event.message)}\n`));
addEventListener("unhandledrejection", (event) => print(2, `unhandled rejection in the page: ${describe(event.reason)}\n`));

globals.fs.writeSync = (/** @type {1 | 2} */ stream, /** @type {Uint8Array} */ bytes) => {
  print(stream, decoder[stream].decode(bytes, { stream: true }));
  return bytes.length;
};

/** The files that a program has made, in memory: package testing puts into one what an example prints. @type {Map<number, Uint8Array>} */
const files = new Map();
/** After those of the terminal. */
let nextFile = 3;
const write = globals.fs.write.bind(globals.fs);
/** @typedef {(error: Error | null, value?: unknown) => void} Done as Node's callbacks are */
Object.assign(globals.fs, {
  open: (/** @type {string} */ _path, /** @type {number} */ _flags, /** @type {number} */ _mode, /** @type {Done} */ done) => {
    files.set(nextFile, new Uint8Array());
    done(null, nextFile++);
  },
  fstat: (/** @type {number} */ file, /** @type {Done} */ done) =>
    done(null, { isDirectory: () => false, mode: 0o100600, size: files.get(file)?.length ?? 0, dev: 0, ino: file, nlink: 1, uid: 0, gid: 0, rdev: 0, blksize: 1, blocks: 0, atimeMs: 0, mtimeMs: 0, ctimeMs: 0 }),
  /** Only at the end, as who prints does. @type {(file: number, bytes: Uint8Array, offset: number, length: number, position: number | null, done: Done) => void} */
  write: (file, bytes, offset, length, position, done) => {
    const before = files.get(file);
    if (!before) return write(file, bytes, offset, length, position, done);
    files.set(file, new Uint8Array([...before, ...bytes.subarray(offset, offset + length)]));
    done(null, length);
  },
  /** @type {(file: number, bytes: Uint8Array, offset: number, length: number, position: number | null, done: Done) => void} */
  read: (file, bytes, offset, length, position, done) => {
    const part = (files.get(file) ?? new Uint8Array()).subarray(position ?? 0, (position ?? 0) + length);
    bytes.set(part, offset);
    done(null, part.length);
  },
  close: (/** @type {number} */ _file, /** @type {Done} */ done) => done(null),
  unlink: (/** @type {string} */ _path, /** @type {Done} */ done) => done(null),
});
globals.process.cwd = () => "/";

// As long as it is open, run.mjs knows that the page lives.
new EventSource("/alive");

async function run() {
  const go = new globals.Go();
  let code = 2;
  go.exit = (/** @type {number} */ status) => (code = status);
  try {
    const { args, env } = await (await fetch("/start")).json();
    go.argv = args;
    go.env = env;
    const { instance } = await WebAssembly.instantiateStreaming(fetch("/test.wasm"), go.importObject);
    await go.run(instance);
  } catch (error) {
    print(2, `the WebAssembly failed: ${describe(error)}\n`);
  }
  while (telling) await telling;
  await fetch("/exit", { method: "POST", body: String(code) });
}

// Not awaited: the page's load event would wait for it.
run();
