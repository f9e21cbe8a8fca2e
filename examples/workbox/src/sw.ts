import "pushkit/sw";
import { clientsClaim } from "workbox-core";
import { cleanupOutdatedCaches, createHandlerBoundToURL, precacheAndRoute, type PrecacheEntry } from "workbox-precaching";
import { NavigationRoute, registerRoute } from "workbox-routing";

declare const self: ServiceWorkerGlobalScope;

/** The site's files, which vite.config.ts puts in. */
declare const SITE_FILES: PrecacheEntry[];

// Another build's worker takes over at once; src/main.ts then loads each open page anew.
self.skipWaiting();
clientsClaim();

precacheAndRoute(SITE_FILES);
cleanupOutdatedCaches();
// Every address of the site is the one page, which looks where it is. Is the push server proxied to a path of this
// site, /push/ say? Then leave that out: new NavigationRoute(…, { denylist: [/^\/push\//] }).
registerRoute(new NavigationRoute(createHandlerBoundToURL("/index.html")));
