import { cpSync } from "node:fs";
import { defineConfig } from "vite";

// The site hosts the package's service worker beside its pages, as any other file of its own.
cpSync("node_modules/pushkit/pushkit-sw.js", "public/pushkit-sw.js");

// The server allows this origin alone: a port that is taken is an error, and no reason to take another.
const address = { port: 4173, strictPort: true };

export default defineConfig({ build: { sourcemap: true }, server: address, preview: address });
