import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until, within } from "./until.mjs";

/** Lines of a program's output that are kept, and printed when the run fails. */
const keptLines = 200;

/** @type {Program[]} */
const programs = [];
/** @type {Set<string>} */
const folders = new Set();

/** A program that a test runs. It ends, with its children, when the test's process does. */
export class Program {
  /** @type {string[]} */
  #log = [];
  /** @type {((line: string) => void)[]} */
  #readers = [];
  #child;
  /** Tells how the program ended. @type {Promise<string>} */
  exit;
  /** How the program ended. @type {string | undefined} */
  #end;

  /**
   * @param {string} name for logs and errors
   * @param {string} command
   * @param {string[]} args
   * @param {{cwd?: string, env?: NodeJS.ProcessEnv}} [options]
   */
  constructor(name, command, args, options = {}) {
    this.name = name;
    // A process group of its own: Firefox's content processes end with it.
    this.#child = spawn(command, args, { ...options, detached: true, stdio: ["pipe", "pipe", "pipe"] });
    this.#child.stdin.on("error", () => {});
    this.exit = new Promise((resolve) => {
      this.#child.once("error", (error) => resolve(error.message));
      this.#child.once("close", (code, signal) => resolve(signal ?? `status ${code}`));
    });
    this.exit.then((how) => (this.#end = how));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      createInterface({ input: stream }).on("line", (line) => {
        this.#log.push(line);
        if (this.#log.length > keptLines) this.#log.shift();
        for (const read of this.#readers) read(line);
      });
    }
    programs.push(this);
  }

  /** The last lines of what the program printed. */
  get log() {
    return this.#log.join("\n");
  }

  /** @param {(line: string) => void} read is called for each line printed from now on */
  onLine(read) {
    this.#readers.push(read);
  }

  /** @param {string} line */
  write(line) {
    this.#child.stdin.write(line + "\n");
  }

  /** Closes the program's standard input. */
  endInput() {
    this.#child.stdin.end();
  }

  /**
   * Awaits what shows that the program is ready; fails at once when the program ends before.
   *
   * @template T
   * @param {() => T | Promise<T>} condition
   * @param {string} what
   * @param {number} [timeout] in ms
   */
  async ready(condition, what, timeout = 60_000) {
    const outcome = await until(async () => {
      if (this.#end !== undefined) return { end: this.#end };
      const value = await condition();
      return value && { value };
    }, `${what} of ${this.name}`, timeout);
    if ("end" in outcome) throw new Error(`${this.name} ended with ${outcome.end} before there was ${what}:\n${this.log}`);
    return outcome.value;
  }

  /**
   * Awaits a line that the program prints.
   *
   * @param {RegExp} pattern
   * @param {number} [timeout] in ms
   * @returns {Promise<RegExpMatchArray>}
   */
  async line(pattern, timeout) {
    const known = this.#log.map((line) => line.match(pattern)).find(Boolean);
    let found = known;
    if (!found) this.onLine((line) => (found ??= line.match(pattern)));
    return /** @type {RegExpMatchArray} */ (await this.ready(() => found, `line ${pattern}`, timeout));
  }

  /**
   * Sends a signal to the program's whole group and awaits its end.
   *
   * @param {NodeJS.Signals} [signal]
   */
  async end(signal = "SIGTERM") {
    this.#signal(signal);
    await this.ended();
  }

  /** Awaits the program's end; after the timeout it is killed. */
  async ended(timeout = 60_000) {
    try {
      return await within(this.exit, `end of ${this.name}`, timeout);
    } catch (error) {
      this.#signal("SIGKILL");
      await this.exit;
      throw error;
    }
  }

  /** Ends the program without waiting, for the exit of this process. */
  abandon() {
    this.#signal("SIGKILL");
  }

  /** @param {NodeJS.Signals} signal */
  #signal(signal) {
    if (this.#end !== undefined || this.#child.pid === undefined) return;
    try {
      process.kill(-this.#child.pid, signal);
    } catch (error) {
      if (/** @type {NodeJS.ErrnoException} */ (error).code !== "ESRCH") throw error;
    }
  }
}

/**
 * Makes an empty folder that goes when the test's process ends.
 *
 * @param {string} name
 */
export function temporaryFolder(name) {
  const folder = mkdtempSync(join(tmpdir(), `pushkit-${name}-`));
  folders.add(folder);
  return folder;
}

/** Gives a TCP port of 127.0.0.1 on which nothing listens, for a program that is to have the same one after a restart. */
export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  await new Promise((resolve) => server.close(resolve));
  return port;
}

let printLogs = true;

/** Keeps the programs' logs from being printed when this process fails: the failure is told otherwise. */
export function discardLogs() {
  printLogs = false;
}

process.on("exit", (code) => {
  for (const program of programs) {
    if (code !== 0 && printLogs && program.log) process.stderr.write(`--- ${program.name}\n${program.log}\n`);
    program.abandon();
  }
  for (const folder of folders) {
    try {
      rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    } catch {
      // A program that is just being killed wrote once more: that is no failure of the test.
    }
  }
});
for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
  process.once(signal, () => process.exit(130));
}
