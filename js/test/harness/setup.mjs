import { Chromium } from "./chromium.mjs";
import { wrongClock } from "./clock.mjs";
import { Desktop } from "./desktop.mjs";
import { Emulator } from "./emulator.mjs";
import { Firefox } from "./firefox.mjs";
import { Server } from "./server.mjs";
import { Site } from "./site.mjs";

/**
 * @typedef {object} Options
 * @property {string} [folder] of the site
 * @property {Record<string, import("./site.mjs").File | string>} [files] of the site
 * @property {(site: Site) => string[]} [flags] of pushkit serve
 * @property {number} [ahead] how far the browser's clock is ahead, in seconds
 */

/**
 * Starts everything that a push goes through: a site, on another origin than the server; the server; the push service;
 * Firefox; and the desktop that shows the notification.
 *
 * @param {Options & {preferences?: import("./firefox.mjs").Preferences}} options preferences of Firefox
 */
export async function setup({ preferences, ...options } = {}) {
  const { browser, ...parts } = await start(options, (environment, emulator) =>
    Firefox.start({
      pushService: emulator.pushService,
      environment,
      ...(preferences && { preferences }),
    }),
  );
  return { firefox: browser, ...parts };
}

/**
 * The same with Chromium.
 *
 * @param {Options & {localHosts?: string[]}} options localHosts are names that stand for this machine in Chromium
 */
export async function setupChromium({ localHosts, ...options } = {}) {
  const { browser, ...parts } = await start(options, (environment, emulator) => {
    // Chromium waits longer after each failure: 10 s, 20 s, 40 s, each up to a fifth more.
    emulator.connectLimit = 120_000;
    return Chromium.start({ pushService: emulator.url, environment, ...(localHosts && { localHosts }) });
  });
  return { chromium: browser, ...parts };
}

/**
 * @template {{close(): Promise<void>}} Browser
 * @param {Options} options
 * @param {(environment: Record<string, string>, emulator: Emulator) => Promise<Browser>} startBrowser
 */
async function start({ folder, files, flags = () => [], ahead }, startBrowser) {
  /** @type {Server} */
  let server;
  const [desktop, emulator, site] = await Promise.all([
    Desktop.start(),
    Emulator.start(),
    Site.start({ ...(folder !== undefined && { folder }), ...(files && { files }), server: () => server.url }),
  ]);
  /** Starts a server for the site, with nothing in it. */
  const serve = () =>
    Server.start([
      `--allowed-origins=${site.origin}`,
      `--push-services=${emulator.url}`,
      // Chromium makes its endpoints of the emulator's tokens and of one of these hosts.
      `--push-services=fcm.googleapis.com=${emulator.url}`,
      `--push-services=jmt17.google.com=${emulator.url}`,
      "--vapid-subject=https://example.com",
      ...flags(site),
    ]);
  const serving = serve();
  const environment = { ...desktop.environment, ...(ahead !== undefined && (await wrongClock(ahead))) };
  const [browser, started] = await Promise.all([startBrowser(environment, emulator), serving]);
  server = started;

  async function stop() {
    await browser.close();
    await Promise.all([server.stop(), emulator.stop(), site.stop(), desktop.stop()]);
  }
  return { desktop, emulator, site, browser, server, serve, stop };
}
