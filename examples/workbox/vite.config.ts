import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { build, defineConfig, type Plugin } from "vite";

/** Makes the service worker once the site is there, since it knows all its files. */
const serviceWorker: Plugin = {
  name: "service-worker",
  apply: "build",
  async writeBundle({ dir = "dist" }) {
    const files = readdirSync(dir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".map"))
      .map((entry) => join(entry.parentPath, entry.name))
      .map((file) => ({
        url: file.slice(dir.length).replaceAll("\\", "/"),
        revision: createHash("sha256").update(readFileSync(file)).digest("hex").slice(0, 16),
      }));
    await build({
      configFile: false,
      logLevel: "warn",
      publicDir: false,
      define: { SITE_FILES: JSON.stringify(files) },
      build: {
        outDir: dir,
        emptyOutDir: false,
        rollupOptions: { input: "src/sw.ts", output: { format: "iife", entryFileNames: "sw.js" } },
      },
    });
  },
};

// The server allows this origin alone: a port that is taken is an error, and no reason to take another.
export default defineConfig({ plugins: [serviceWorker], preview: { port: 4174, strictPort: true } });
