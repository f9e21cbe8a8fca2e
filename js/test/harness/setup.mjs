import { Desktop } from "./desktop.mjs";
import { Emulator } from "./emulator.mjs";
import { Firefox } from "./firefox.mjs";
import { Server } from "./server.mjs";
import { Site } from "./site.mjs";

/**
 * Starts everything that a push goes through: a site, on another origin than the server; the server; the push service;
 * Firefox; and the desktop that shows the notification.
 *
 * @param {object} options
 * @param {string} [options.folder] of the site
 * @param {Record<string, import("./site.mjs").File | string>} [options.files] of the site
 * @param {(site: Site) => string[]} [options.flags] of pushkit serve
 * @param {import("./firefox.mjs").Preferences} [options.preferences] of Firefox
 */
export async function setup({ folder, files, flags = () => [], preferences } = {}) {
  /** @type {Server} */
  let server;
  const [desktop, emulator, site] = await Promise.all([
    Desktop.start(),
    Emulator.start(),
    Site.start({ folder, files, server: () => server.url }),
  ]);
  const serving = Server.start([
    `--allowed-origins=${site.origin}`,
    `--push-services=${emulator.url}`,
    "--vapid-subject=https://example.com",
    ...flags(site),
  ]);
  const starting = Firefox.start({ pushService: emulator.pushService, environment: desktop.environment, preferences });
  const [firefox, started] = await Promise.all([starting, serving]);
  server = started;

  async function stop() {
    await firefox.close();
    await Promise.all([server.stop(), emulator.stop(), site.stop(), desktop.stop()]);
  }
  return { desktop, emulator, site, firefox, server, stop };
}
