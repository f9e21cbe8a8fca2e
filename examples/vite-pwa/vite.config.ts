import { copyFileSync } from "node:fs";
import { defineConfig, type Plugin } from "vite";
import { VitePWA } from "vite-plugin-pwa";

/** Has the site host the worker's copy of the package beside its pages, as any other file of its own. */
const worker: Plugin = {
  name: "pushkit-worker",
  apply: "build",
  writeBundle({ dir = "dist" }) {
    copyFileSync("node_modules/pushkit/pushkit-sw.js", `${dir}/pushkit-sw.js`);
  },
};

export default defineConfig({
  plugins: [
    worker,
    VitePWA({
      manifest: false, // it is in public
      registerType: "autoUpdate", // another build's worker takes over at once
      // Every address of the site is the one page. Is the push server proxied to a path of this site, /push/ say?
      // Then leave that out: navigateFallbackDenylist: [/^\/push\//].
      workbox: { importScripts: ["pushkit-sw.js"] },
    }),
  ],
  // The server allows this origin alone: a port that is taken is an error, and no reason to take another.
  preview: { port: 4175, strictPort: true },
});
