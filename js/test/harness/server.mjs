import { execFile } from "node:child_process";
import { readFile, rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { Program, freePort, temporaryFolder } from "./program.mjs";
import { root } from "./repository.mjs";
import { until } from "./until.mjs";

/** The program under test, as make build leaves it. */
export const pushkit = join(root, "build/pushkit");

/**
 * @typedef {object} Answer
 * @property {number} status
 * @property {Headers} headers
 * @property {any} body what JSON holds, undefined where there is none
 */

/** pushkit serve, on a port and with a data folder that it keeps over restarts. */
export class Server {
  #args;
  #folder;
  /** @type {Program} */
  #program;

  /**
   * @param {number} port
   * @param {string} folder
   * @param {string[]} args
   */
  constructor(port, folder, args) {
    this.#args = ["serve", "--addr", `127.0.0.1:${port}`, ...args];
    this.#folder = folder;
    this.url = `http://127.0.0.1:${port}`;
    this.#program = this.#start();
  }

  /**
   * Starts a server with an empty data folder.
   *
   * @param {string[]} [args] flags beside --addr
   */
  static async start(args = []) {
    const server = new Server(await freePort(), temporaryFolder("server"), args);
    await server.#ready();
    return server;
  }

  /** What the server printed last. */
  get log() {
    return this.#program.log;
  }

  /** The folder in which the server runs; its data is in ./data. */
  get folder() {
    return this.#folder;
  }

  /** The key that the server made on its first start. */
  async apiKey() {
    return (await readFile(join(this.#folder, "data/api-key"), "utf8")).trim();
  }

  /**
   * Makes a keyed call.
   *
   * @param {string} method
   * @param {string} path
   * @param {unknown} [body] sent as JSON
   * @param {Record<string, string>} [headers]
   * @returns {Promise<Answer>}
   */
  async api(method, path, body, headers = {}) {
    return call(method, this.url + path, body, { Authorization: `Bearer ${await this.apiKey()}`, ...headers });
  }

  /**
   * Sends a message and awaits that nothing of it is pending.
   *
   * @param {object} message the body of POST /v1/messages
   * @returns {Promise<any>} the message with its state and counts
   */
  async send(message) {
    const posted = await this.api("POST", "/v1/messages", message);
    if (posted.status !== 202) throw new Error(`message refused with ${posted.status}: ${JSON.stringify(posted.body)}`);
    return until(async () => {
      const { body } = await this.api("GET", `/v1/messages/${posted.body.id}`);
      return body.state === "sent" && body;
    }, `end of the message ${posted.body.id}`);
  }

  /**
   * Runs a command of pushkit where the server's data is, as an operator does who is logged in there.
   *
   * @param {string[]} args
   * @returns {Promise<string>} what it prints
   */
  async command(...args) {
    const { stdout } = await promisify(execFile)(pushkit, args, { cwd: this.#folder });
    return stdout;
  }

  /** Ends the server as an operator does. */
  async stop() {
    await this.#program.end("SIGTERM");
  }

  /** Ends the server as a crash does. */
  async kill() {
    await this.#program.end("SIGKILL");
  }

  /** Loses all data of a server that was stopped: it then starts with other keys, and knows nobody. */
  async forget() {
    await rm(join(this.#folder, "data"), { recursive: true });
  }

  /** Starts the server again after stop() or kill(), at the same address and with the same data. */
  async open() {
    this.#program = this.#start();
    await this.#ready();
  }

  #start() {
    return new Program("pushkit serve", pushkit, this.#args, { cwd: this.#folder });
  }

  async #ready() {
    await this.#program.ready(async () => (await fetch(`${this.url}/healthz`)).ok, "answer of /healthz");
  }
}

/**
 * @param {string} method
 * @param {string} url
 * @param {unknown} [body]
 * @param {Record<string, string>} [headers]
 * @returns {Promise<Answer>}
 */
export async function call(method, url, body, headers = {}) {
  const response = await fetch(url, {
    method,
    headers: body === undefined ? headers : { "Content-Type": "application/json", ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const isJSON = /\bjson\b/.test(response.headers.get("Content-Type") ?? "");
  return { status: response.status, headers: response.headers, body: isJSON && text ? JSON.parse(text) : undefined };
}
