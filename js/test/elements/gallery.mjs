import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { root } from "../harness/repository.mjs";

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
 * Adds the page that shows one element in one state, under the strict policy; and the same without, for axe.
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
  site.files.set("/gallery-axe.html", { body });
}

/** Each element with the states that it can show. */
export const states = /** @type {const} */ ({
  button: ["default", "asking", "busy", "subscribed", "blocked", "unsupported", "install", "dismissed", "error"],
  prompt: ["default", "asking", "busy", "dismissed", "error"],
  preferences: ["default", "asking", "busy", "subscribed", "blocked", "unsupported", "install", "dismissed", "error"],
});
