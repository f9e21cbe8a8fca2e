import { defineConfig } from "vite";

// With addresses that are relative, the site works from any folder.
export default defineConfig({ base: "./", build: { sourcemap: true } });
