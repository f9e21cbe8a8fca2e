import { join } from "node:path";
import { root } from "../harness/repository.mjs";
import { setup } from "../harness/setup.mjs";
import { until } from "../harness/until.mjs";

/** How many origins a world has for its cases. */
const origins = 64;

/** A name of this machine under which pages are no secure context. */
export const insecureHost = "insecure.example.com";

/** Everything that a push goes through, and for each case an origin where nothing has happened yet. */
export class World {
  #next = 1;

  /** @param {Awaited<ReturnType<typeof setup>>} parts */
  constructor(parts) {
    this.desktop = parts.desktop;
    this.emulator = parts.emulator;
    this.site = parts.site;
    this.firefox = parts.firefox;
    this.server = parts.server;
    this.stop = parts.stop;
  }

  static async start() {
    return new World(
      await setup({
        folder: join(root, "examples/plain"),
        preferences: { "network.dns.localDomains": insecureHost },
        flags: (site) => Array.from({ length: origins }, (_, i) => `--allowed-origins=${originOf(site, i + 1)}`),
      }),
    );
  }

  /** An origin of the site that the server allows and that the browser has not seen. */
  newOrigin() {
    if (this.#next > origins) throw new Error("more cases than origins");
    return originOf(this.site, this.#next++);
  }

  /**
   * A message as the server knows it.
   *
   * @param {string} id
   */
  async message(id) {
    return (await this.server.api("GET", `/v1/messages/${id}`)).body;
  }

  /**
   * Awaits a message's counts.
   *
   * @param {string} id
   * @param {Record<string, number>} counts
   */
  async counted(id, counts) {
    /** @type {any} */
    let message;
    try {
      await until(async () => {
        message = await this.message(id);
        return Object.entries(counts).every(([name, count]) => message.counts[name] === count);
      }, `counts ${JSON.stringify(counts)}`);
    } catch (error) {
      throw new Error(`${/** @type {Error} */ (error).message}; they are ${JSON.stringify(message.counts)}`);
    }
  }
}

/**
 * @param {import("../harness/site.mjs").Site} site
 * @param {number} number
 */
function originOf(site, number) {
  return site.origin.replace("localhost", `case${number}.localhost`);
}
