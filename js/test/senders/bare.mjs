import https from "node:https";
import { connect } from "node:net";
import webpush from "web-push";
import { Site } from "../harness/site.mjs";

/** @typedef {import("web-push").PushSubscription} PushSubscription */
/** @typedef {import("web-push").VapidKeys} VapidKeys */

const page = "<!doctype html><title>Bare</title>";

const worker = `
addEventListener("push", (event) => event.waitUntil(registration.showNotification(event.data?.text() ?? "no data")));`;

/** A site that pushkit has no part in: a page and a worker that shows what is pushed as a title. */
export const startBareSite = () => Site.start({ files: { "/index.html": page, "/sw.js": worker } });

/**
 * Opens the site as a person who allows notifications, and subscribes.
 *
 * @param {import("../harness/firefox.mjs").Firefox | import("../harness/chromium.mjs").Chromium} browser
 * @param {Site} site
 * @param {string} applicationServerKey
 * @returns {Promise<PushSubscription>} what PushSubscription.toJSON() gives
 */
export async function subscribe(browser, site, applicationServerKey) {
  await browser.setPermission(site.origin, "granted");
  const tab = await browser.newPage(`${site.origin}/`);
  // The two browsers' drivers have the same method with types of their own.
  const evaluate = /** @type {import("puppeteer-core").Page["evaluate"]} */ (tab.evaluate.bind(tab));
  return await evaluate(async (key) => {
    await navigator.serviceWorker.register("/sw.js");
    const { pushManager } = await navigator.serviceWorker.ready;
    return /** @type {any} */ ((await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key })).toJSON());
  }, applicationServerKey);
}

/**
 * The way to the emulator for npm web-push, which speaks TLS with every endpoint: also of the endpoints that a Chromium
 * makes, which are on Google's hosts.
 *
 * @param {string} emulator its URL
 */
function agentFor(emulator) {
  const agent = new https.Agent();
  const { hostname, port } = new URL(emulator);
  Object.assign(agent, { createConnection: () => connect(Number(port), hostname) });
  return agent;
}

/**
 * Sends with npm web-push.
 *
 * @param {string} emulator its URL
 * @param {PushSubscription} subscription
 * @param {VapidKeys} keys
 * @param {string} text
 * @param {import("web-push").RequestOptions} [options]
 * @returns {Promise<{status: number, body: string}>} of the answer; a status of 0 where there was none
 */
export async function sendWithNpm(emulator, subscription, { publicKey, privateKey }, text, options = {}) {
  try {
    const { statusCode, body } = await webpush.sendNotification(subscription, text, {
      vapidDetails: { subject: "mailto:push@example.com", publicKey, privateKey },
      TTL: 60,
      agent: agentFor(emulator),
      ...options,
    });
    return { status: statusCode, body };
  } catch (error) {
    const { statusCode, body } = /** @type {import("web-push").WebPushError} */ (error);
    return { status: statusCode ?? 0, body: body ?? String(error) };
  }
}
