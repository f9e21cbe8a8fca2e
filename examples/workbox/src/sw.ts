import "pushkit/sw";
import { cleanupOutdatedCaches, precacheAndRoute, type PrecacheEntry } from "workbox-precaching";

/** The site's files, which vite.config.ts puts in. */
declare const SITE_FILES: PrecacheEntry[];

// A story's address differs in its query alone.
precacheAndRoute(SITE_FILES, { ignoreURLParametersMatching: [/^story$/] });
cleanupOutdatedCaches();
