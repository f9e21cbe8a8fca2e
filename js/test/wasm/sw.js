// A service worker for the tests of the bindings: it shows what is pushed, and tells its pages.
addEventListener("install", () => skipWaiting());
addEventListener("activate", (event) => event.waitUntil(clients.claim()));
addEventListener("push", (event) => {
  const text = event.data?.text() ?? "";
  event.waitUntil(registration.showNotification(text || "no data").then(() => tell({ type: "push", text })));
});
addEventListener("message", (event) => event.source?.postMessage(event.data));

async function tell(message) {
  for (const client of await clients.matchAll({ includeUncontrolled: true })) client.postMessage(message);
}
