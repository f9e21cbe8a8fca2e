// A service worker that answers as one does that imports pushkit's.
addEventListener("message", (event) => {
  if (event.data?.pushkit?.type === "ping") event.ports[0]?.postMessage({ pushkit: { type: "pong", version: "test" } });
});
