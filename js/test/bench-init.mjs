// What pushkit costs a page that only includes it: the processor time of the page's main thread for loading pushkit.js, for
// init() and for what init() does once the page is idle, in a browser that is not subscribed and in one that is. Beside it
// stands a module that does nothing; the difference of the means is the cost. Fails where it is over the budget.
import { discardLogs } from "./harness/program.mjs";
import { setup, setupChromium } from "./harness/setup.mjs";

/** In ms. */
const budget = 5;
/** How many pages of each; more where one says little. @type {Record<string, number>} */
const runs = { Chromium: 40, Firefox: 160 };

/** In the page: loads a module and waits until it has done what it does. @param {{module: string, server: string}} what */
async function include({ module, server }) {
  const { pushkit } = await import(module);
  pushkit?.init({ server });
  await new Promise((done) => setTimeout(done, 150));
}

/**
 * Of processor time, which Linux counts for Firefox in ticks of 10 ms: one run says nothing there, many do.
 *
 * @param {number[]} times
 */
const mean = (times) => times.reduce((sum, time) => sum + time, 0) / times.length;

/**
 * The processor time that the main thread of an origin's page has had in Firefox, in ms.
 *
 * @param {import("./harness/firefox.mjs").Firefox} firefox
 * @param {string} origin
 */
async function threadTime(firefox, origin) {
  const time = await firefox.evaluateInChrome(`ChromeUtils.requestProcInfo().then(({ children }) => {
    const process = children.find(({ windows }) => windows.some(({ documentURI }) => documentURI?.spec.startsWith("${origin}/")));
    return process?.threads.find(({ tid }) => tid === process.pid)?.cpuTime / 1e6;
  })`);
  if (!time) throw new Error("Firefox does not tell of the page's thread");
  return time;
}

/** The site, with a page that has nothing. */
const files = {
  "/blank.html": "<!doctype html><html lang=en><title>blank</title><p>Blank.",
  "/nothing.js": { body: "export const pushkit = undefined;", type: "text/javascript" },
  "/pushkit-sw.js": { body: 'importScripts("https://push.example.com/pushkit-sw.js");', type: "text/javascript" },
};

/**
 * A browser with all that is around it.
 *
 * @typedef {object} Started
 * @property {(module: string) => Promise<number>} measure what including a module takes, in ms
 * @property {() => Promise<void>} subscribe
 * @property {() => Promise<void>} stop
 * @property {string} ours
 * @property {string} nothing
 */

/** @type {Record<string, () => Promise<Started>>} */
const browsers = {
  Chromium: async () => {
    const { chromium, site, server, stop } = await setupChromium({ files });
    await chromium.setPermission(site.origin, "granted");
    const page = await chromium.newPage(`${site.origin}/blank.html`);
    return {
      ours: `${server.url}/pushkit.js`,
      nothing: `${site.origin}/nothing.js`,
      measure: async (module) => {
        await page.goto(`${site.origin}/blank.html`);
        const before = await page.threadTime();
        await page.evaluate(include, { module, server: server.url });
        return (await page.threadTime()) - before;
      },
      subscribe: () => page.evaluate(subscribe, server.url),
      stop,
    };
  },
  Firefox: async () => {
    const { firefox, site, server, stop } = await setup({ files });
    await firefox.setPermission(site.origin, "granted");
    const page = await firefox.newPage(`${site.origin}/blank.html`);
    return {
      ours: `${server.url}/pushkit.js`,
      nothing: `${site.origin}/nothing.js`,
      measure: async (module) => {
        await page.goto(`${site.origin}/blank.html`);
        const before = await threadTime(firefox, site.origin);
        await page.evaluate(include, { module, server: server.url });
        return (await threadTime(firefox, site.origin)) - before;
      },
      subscribe: () => page.evaluate(subscribe, server.url),
      stop,
    };
  },
};

/** In the page. @param {string} server */
async function subscribe(server) {
  const { pushkit } = await import(`${server}/pushkit.js`);
  pushkit.init({ server });
  await pushkit.subscribe();
}

let over = false;
console.log("what init() costs the main thread, in ms".padEnd(44) + ["n", "pushkit", "nothing", "cost"].map((h) => h.padStart(9)).join(""));
for (const [name, start] of Object.entries(browsers)) {
  const { measure, subscribe, stop, ...modules } = await start();
  for (const state of ["not subscribed", "subscribed"]) {
    if (state === "subscribed") await subscribe();
    /** @type {number[]} */
    const ours = [];
    /** @type {number[]} */
    const nothing = [];
    // Once before, so that both come from the cache.
    const count = /** @type {number} */ (runs[name]);
    for (let i = -1; i < count; i++) {
      const [first, second] = [await measure(modules.ours), await measure(modules.nothing)];
      if (i < 0) continue;
      ours.push(first);
      nothing.push(second);
    }
    const cost = mean(ours) - mean(nothing);
    over ||= cost > budget;
    const columns = [String(count), ...[mean(ours), mean(nothing), cost].map((ms) => ms.toFixed(1))];
    console.log(`${name}, ${state}`.padEnd(44) + columns.map((column) => column.padStart(9)).join(""));
  }
  await stop();
}
if (over) {
  discardLogs();
  console.error(`the cost is over ${budget} ms`);
  process.exitCode = 1;
}
