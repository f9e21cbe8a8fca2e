// What pushkit costs a page that only includes it: the processor time of the page's main thread for loading pushkit.js, and
// for init() with what it does once the page is idle, in a browser that is not subscribed and in one that is. Beside it stand
// a module that does nothing and pushkit.js without init(); the differences of the means are the costs. Fails where init()'s
// is over the budget.
import { discardLogs } from "./harness/program.mjs";
import { setup, setupChromium } from "./harness/setup.mjs";

/** In ms. */
const budget = 5;
/** How many pages of each; more where one says little. @type {Record<string, number>} */
const runs = { Chromium: 40, Firefox: 160 };

/**
 * In the page: loads a module, calls init() where a server is named, and waits until it has done what it does.
 *
 * @param {{module: string, server?: string}} what
 */
async function include({ module, server }) {
  const { pushkit } = await import(module);
  if (server) pushkit.init({ server });
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
 * @property {(what: {module: string, server?: string}) => Promise<number>} measure what including a module takes, in ms
 * @property {() => Promise<void>} subscribe
 * @property {() => Promise<void>} stop
 * @property {string} server
 * @property {string} nothing the module
 */

/** @type {Record<string, () => Promise<Started>>} */
const browsers = {
  Chromium: async () => {
    const { chromium, site, server, stop } = await setupChromium({ files });
    await chromium.setPermission(site.origin, "granted");
    const page = await chromium.newPage(`${site.origin}/blank.html`);
    return {
      server: server.url,
      nothing: `${site.origin}/nothing.js`,
      measure: async (what) => {
        await page.goto(`${site.origin}/blank.html`);
        const before = await page.threadTime();
        await page.evaluate(include, what);
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
      server: server.url,
      nothing: `${site.origin}/nothing.js`,
      measure: async (what) => {
        await page.goto(`${site.origin}/blank.html`);
        const before = await threadTime(firefox, site.origin);
        await page.evaluate(include, what);
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
const row = (/** @type {string} */ name, /** @type {string[]} */ columns) =>
  console.log(name.padEnd(28) + columns.map((column) => column.padStart(12)).join(""));
row("the main thread's ms", ["n", "nothing", "pushkit.js", "and init()", "loading", "init()"]);
for (const [name, start] of Object.entries(browsers)) {
  const { measure, subscribe, stop, server, nothing } = await start();
  const module = `${server}/pushkit.js`;
  const pages = [{ module: nothing }, { module }, { module, server }];
  const count = /** @type {number} */ (runs[name]);
  for (const state of ["not subscribed", "subscribed"]) {
    if (state === "subscribed") await subscribe();
    // Once before, so that all come from the cache.
    for (const page of pages) await measure(page);
    /** @type {number[][]} */
    const times = [];
    for (let i = 0; i < count; i++) {
      /** @type {number[]} */
      const round = [];
      for (const page of pages) round.push(await measure(page));
      times.push(round);
    }
    const means = pages.map((_, i) => mean(times.map((round) => /** @type {number} */ (round[i]))));
    const [without, loaded, whole] = /** @type {[number, number, number]} */ (means);
    over ||= whole - loaded > budget;
    row(`${name}, ${state}`, [String(count), ...[...means, loaded - without, whole - loaded].map((ms) => ms.toFixed(1))]);
  }
  await stop();
}
if (over) {
  discardLogs();
  console.error(`init() costs more than ${budget} ms`);
  process.exitCode = 1;
}
