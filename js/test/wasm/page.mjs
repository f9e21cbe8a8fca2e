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
