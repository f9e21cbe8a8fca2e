// The service worker's part of pushkit, which exports nothing.
export {};
