import { createServer, request as ask } from "node:http";

/**
 * A way to a server, on which the test can hold a request.
 *
 * @typedef {object} Held
 * @property {string} request for example "POST /v1/subscriptions"
 * @property {"request" | "answer"} what "request": the server does not hear it; "answer": it has heard it
 * @property {() => void} tell that it is held
 */
export class Gate {
  #http;
  /** @type {Held | undefined} */
  #held;
  /** @type {(() => void)[]} what gives the answers that are held */
  #answers = [];

  /** @param {string} target the server's address */
  constructor(target) {
    this.#http = createServer((request, response) => {
      const held = this.#held?.request === `${request.method} ${request.url}` ? this.#held : undefined;
      if (held?.what === "request") return held.tell();
      const { method, headers } = request;
      const forward = ask(new URL(request.url ?? "/", target), { method, headers }, (answer) => {
        const give = () => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        };
        if (!held) return give();
        this.#answers.push(give);
        held.tell();
      });
      forward.on("error", () => response.destroy());
      request.pipe(forward);
    });
  }

  /** @param {string} target the server's address */
  static async start(target) {
    const gate = new Gate(target);
    await new Promise((resolve) => gate.#http.listen(0, "127.0.0.1", () => resolve(undefined)));
    return gate;
  }

  get url() {
    return `http://127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.#http.address()).port}`;
  }

  /**
   * Lets such requests get no answer from now on.
   *
   * @param {Held["request"]} request
   * @param {Held["what"]} what
   * @returns {Promise<void>} settles when one is held
   */
  hold(request, what) {
    return new Promise((resolve) => (this.#held = { request, what, tell: resolve }));
  }

  /** Lets all pass again. What was held stays without an answer. */
  open() {
    this.#held = undefined;
  }

  /** Lets all pass again, the answers that were held first. */
  release() {
    this.open();
    for (const give of this.#answers.splice(0)) give();
  }

  async stop() {
    this.#http.closeAllConnections();
    await new Promise((resolve) => this.#http.close(resolve));
  }
}
