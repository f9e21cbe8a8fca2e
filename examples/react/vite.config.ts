import { defineConfig } from "vite";

// The server allows this origin alone: a port that is taken is an error, and no reason to take another.
const address = { port: 4173, strictPort: true };

export default defineConfig({ build: { sourcemap: true }, server: address, preview: address });
