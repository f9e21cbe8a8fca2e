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

// With addresses that are relative, the site works from any folder.
export default defineConfig({
  base: "./",
  plugins: [
    worker,
    VitePWA({
      manifest: false, // it is in public
      injectRegister: false, // src/main.ts registers
      workbox: { importScripts: ["pushkit-sw.js"] },
    }),
  ],
});
