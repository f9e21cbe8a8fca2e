import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { root } from "../harness/repository.mjs";

const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/**
 * A policy that forbids what it can: inline styles and scripts, eval, and text that becomes script.
 *
 * @param {string} server its address
 */
export const strictPolicy = (server) =>
  [
    "default-src 'none'",
    `script-src 'self' ${server} 'wasm-unsafe-eval'`,
    "style-src 'self'",
    `connect-src 'self' ${server}`,
    "img-src 'self'",
    "worker-src 'self'",
    "require-trusted-types-for 'script'",
  ].join("; ");

/**
 * Adds the page that shows one element in one state, under the strict policy; and the same without, alone and with axe.
 *
 * @param {import("../harness/site.mjs").Site} site
 * @param {string} server
 */
export async function addGallery(site, server) {
  const script = await readFile(join(root, "js/test/elements/gallery.js"), "utf8");
  site.files.set("/gallery.js", { body: script, type: "text/javascript; charset=utf-8" });
  site.files.set("/gallery.css", {
    body: "body { margin: 1rem; font: 1rem/1.5 system-ui, sans-serif; min-block-size: 150vh; background: Canvas; color: CanvasText } #before { background: Canvas; color: CanvasText; border: 1px solid }",
    type: "text/css; charset=utf-8",
  });
  const body = `<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Elements</title>
      <link rel="stylesheet" href="/gallery.css"><script type="module" src="/gallery.js"></script></head>
      <body><main><h1>A page</h1><p><button id="before" type="button">Before</button></p></main></body></html>`;
  site.files.set("/gallery.html", { body, headers: { "Content-Security-Policy": strictPolicy(server) } });
  site.files.set("/gallery-free.html", { body });
  site.files.set("/axe.js", { body: axe, type: "text/javascript; charset=utf-8" });
  site.files.set("/gallery-axe.html", { body: body.replace("<script", `<script src="/axe.js"></script><script`) });
  // The same in a window of another size, whose element is this page's.
  site.files.set("/gallery-sized.html", {
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>Sizes</title><style>body { margin: 0 } iframe { border: 0; display: block }</style>
      <script type="module">
        const query = new URLSearchParams(location.search);
        const frame = document.createElement("iframe");
        Object.assign(frame, { title: "sized", width: query.get("width"), height: query.get("height"), src: "/gallery-free.html" + location.search });
        Object.defineProperty(window, "element", { get: () => frame.contentWindow.element });
        document.body.append(frame);
      </script></html>`,
  });
}

/** Each element with the states that it can show. */
export const states = /** @type {const} */ ({
  button: ["default", "asking", "busy", "subscribed", "blocked", "unsupported", "install", "dismissed", "error"],
  prompt: ["default", "asking", "busy", "dismissed", "error"],
  preferences: ["default", "asking", "busy", "subscribed", "blocked", "unsupported", "install", "dismissed", "error"],
});

/** A browser of each kind that has instructions of its own. */
const browsers = {
  firefox: "Mozilla/5.0 (X11; Linux x86_64; rv:153.0) Gecko/20100101 Firefox/153.0",
  chrome: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36",
  edge: "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36 Edg/156.0.0.0",
  safari: "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Safari/605.1.15",
  ios: "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/26.0 Mobile/15E148 Safari/604.1",
  samsung: "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/29.0 Chrome/136.0.0.0 Mobile Safari/537.36",
  other: "Mozilla/5.0 (Android 15; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0",
};

/** What stands in the way, by each text that there is for it. */
const obstacles = ["insecure-context", "no-service-worker", "no-push-manager", "no-webassembly", "foreign-service-worker"];
const faults = ["server-unreachable", "push-service-unreachable", "storage-failed", "unexpected"];

/** What the browser would say of the permission. @param {string} state */
export const permission = (state) => (state === "busy" ? "granted" : "default");

/** How the gallery shows something: its query, and what it is called. @typedef {{name: string, query: Record<string, string>}} Shown */

/** @param {string} state @param {Record<string, string>} [more] @returns {Shown} */
const shown = (state, more = {}) => ({
  name: [state, more["browser"], more["reason"]].filter(Boolean).join(" "),
  query: { state, permission: permission(state), time: "endless", ...more },
});

const inTheWay = [
  ...Object.entries(browsers).map(([browser, userAgent]) => shown("blocked", { browser, userAgent })),
  ...obstacles.map((reason) => shown("unsupported", { reason })),
];
const failing = faults.map((reason) => shown("error", { reason }));
const going = [shown("default"), shown("asking"), shown("busy"), shown("dismissed")];

/** Each element with everything that it can show. @type {Record<keyof typeof states, Shown[]>} */
export const everything = {
  button: [shown("pending"), ...going, shown("subscribed"), shown("install"), ...inTheWay, ...failing],
  prompt: [...going, shown("joined"), shown("refused"), ...failing],
  preferences: [shown("pending"), ...going, shown("subscribed"), shown("install"), ...inTheWay, ...failing],
};
