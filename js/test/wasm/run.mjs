// Runs a Go test binary for GOOS=js in a page of Firefox, for go test -exec: run.mjs BINARY ARGUMENT…
//
// The page is a secure context on an origin of its own and may show notifications. It finds there
//   /sw.js        a service worker that shows what is pushed and posts {type: "push", text} to its pages
//   /testdata/    that folder of the package under test, with Service-Worker-Allowed: /
//   /emulator/    the push service emulator's API, of which the Go environment says PUSHKIT_TEST_EMULATOR
// PUSHKIT_TEST_EMULATOR, from outside, names an emulator that runs already (http://127.0.0.1:PORT); without it one is
// started where build/pushkit exists. Without an emulator the variable is absent, and subscribe() finds no push service.

import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { Desktop } from "../harness/desktop.mjs";
import { Emulator } from "../harness/emulator.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { discardLogs } from "../harness/program.mjs";
import { pushkit } from "../harness/server.mjs";

/** @typedef {import("node:http").IncomingMessage} Request */
/** @typedef {import("node:http").ServerResponse} Response */

/** Time for the page to start, in ms. */
const startLimit = 120_000;
/** What the tests may take longer than -test.timeout, after which Go itself ends them, in ms. */
const grace = 15_000;

const [binary, ...given] = process.argv.slice(2);
if (binary === undefined) fail("usage: run.mjs BINARY ARGUMENT…");
// go test keeps a record of the files that a test opened there; a page has no files.
const args = given.filter((arg) => !arg.startsWith("-test.testlogfile="));
const limit = testTimeout(args);

const named = process.env["PUSHKIT_TEST_EMULATOR"];
const [desktop, emulator] = await Promise.all([
  Desktop.start(),
  named ? new Emulator(named) : existsSync(pushkit) ? Emulator.start() : undefined,
]);

const http = createServer((request, response) => {
  answer(request, response).catch((error) => response.writeHead(500).end(String(error)));
});
await new Promise((resolve) => http.listen(0, "127.0.0.1", () => resolve(undefined)));
const origin = `http://localhost:${/** @type {import("node:net").AddressInfo} */ (http.address()).port}`;

/** @type {(code: number) => void} */
let exit = () => {};
const exited = new Promise((/** @type {(code: number) => void} */ resolve) => (exit = resolve));

const firefox = await Firefox.start({
  ...(emulator && { pushService: emulator.pushService }),
  environment: desktop.environment,
  preferences: { "permissions.default.desktop-notification": 1 },
});
firefox.ended.then((how) => fail(`Firefox ended with ${how} while the tests ran`));
let timer = setTimeout(() => fail(`the page did not start within ${startLimit} ms`), startLimit);

await firefox.newPage(origin);

const code = await exited;
discardLogs();
process.exit(code);

/**
 * @param {Request} request
 * @param {Response} response
 */
async function answer(request, response) {
  const { pathname, search } = new URL(request.url ?? "/", origin);
  switch (pathname) {
    case "/":
      return send(response, "text/html", await here("page.html"));
    case "/page.mjs":
    case "/sw.js":
      return send(response, "text/javascript", await here(pathname.slice(1)));
    case "/wasm_exec.js":
      return send(response, "text/javascript", await readFile(join(goroot(), "lib/wasm/wasm_exec.js")));
    case "/test.wasm":
      return send(response, "application/wasm", await readFile(/** @type {string} */ (binary)));
    case "/start":
      return send(response, "application/json", JSON.stringify({ args: [binary, ...args], env: environment() }));
    case "/alive":
      return watch(response);
    case "/output":
      for (const { stream, text } of JSON.parse((await body(request)).toString())) {
        (stream === 2 ? process.stderr : process.stdout).write(text);
      }
      return response.end();
    case "/exit":
      return exit(Number(await body(request)));
  }
  if (pathname.startsWith("/testdata/")) {
    const type = pathname.endsWith(".js") ? "text/javascript" : "application/octet-stream";
    return readFile(join(process.cwd(), pathname)).then(
      (file) => send(response, type, file),
      () => void response.writeHead(404).end(),
    );
  }
  if (pathname.startsWith("/emulator/") && emulator) {
    const url = emulator.url + pathname.slice("/emulator".length) + search;
    const content = request.method === "GET" ? {} : { body: new Uint8Array(await body(request)) };
    const answered = await fetch(url, { method: request.method ?? "GET", ...content });
    response.writeHead(answered.status, { "Content-Type": answered.headers.get("Content-Type") ?? "text/plain" });
    response.end(Buffer.from(await answered.arrayBuffer()));
    return;
  }
  response.writeHead(404).end();
}

/** @param {Response} response */
function watch(response) {
  response.writeHead(200, { "Content-Type": "text/event-stream" }).flushHeaders();
  response.on("close", () => fail("the page went away while the tests ran: they left it, or its process crashed"));
  clearTimeout(timer);
  if (limit > 0) {
    timer = setTimeout(() => fail(`the tests hold the page's thread: no end ${grace} ms after their timeout`), limit + grace);
  }
}

/**
 * @param {Response} response
 * @param {string} type
 * @param {string | Buffer} content
 */
function send(response, type, content) {
  response.writeHead(200, { "Content-Type": type, "Cache-Control": "no-store", "Service-Worker-Allowed": "/" });
  response.end(content);
}

/** @param {Request} request */
async function body(request) {
  const chunks = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** @param {string} name */
function here(name) {
  return readFile(new URL(name, import.meta.url));
}

function goroot() {
  return execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
}

/** What Go's runtime and the tests read; wasm_exec.js has 12 KiB for arguments and environment. */
function environment() {
  const env = Object.entries(process.env).filter(([name]) => /^(GODEBUG|GOTRACEBACK|PUSHKIT_\w+)$/.test(name));
  return { ...Object.fromEntries(env), ...(emulator && { PUSHKIT_TEST_EMULATOR: `${origin}/emulator` }) };
}

/**
 * The value of -test.timeout in ms, 0 for none.
 *
 * @param {string[]} list
 */
function testTimeout(list) {
  const duration = list.findLast((arg) => arg.startsWith("-test.timeout="))?.slice("-test.timeout=".length) ?? "0";
  /** @type {Record<string, number>} */
  const units = { h: 3_600_000, m: 60_000, s: 1000, ms: 1, us: 1e-3, µs: 1e-3, ns: 1e-6 };
  let sum = 0;
  for (const [, number, unit] of duration.matchAll(/([\d.]+)(h|ms|us|µs|ns|m|s)/g)) {
    sum += Number(number) * (units[unit ?? ""] ?? 0);
  }
  return sum;
}

/**
 * @param {string} why
 * @returns {never}
 */
function fail(why) {
  process.stderr.write(`js/test/wasm: ${why}\n`);
  process.exit(2);
}
