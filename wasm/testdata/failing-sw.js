// A service worker that cannot be installed.
addEventListener("install", (event) => event.waitUntil(Promise.reject(new Error("not installed"))));
