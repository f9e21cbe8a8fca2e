// The application under test, a small one: its page subscribes, and its server greets who has subscribed.
import { createServer } from "node:http";
import https from "node:https";
import { connect } from "node:net";
import webpush from "web-push";

const page = `<!doctype html>
<title>Greetings</title>
<button>Greet me</button>
<script>
  document.querySelector("button").onclick = async () => {
    if ((await Notification.requestPermission()) !== "granted") return;
    const { publicKey } = await (await fetch("/key")).json();
    const { pushManager } = await navigator.serviceWorker.ready;
    const subscription = await pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: publicKey });
    await fetch("/subscriptions", { method: "POST", body: JSON.stringify(subscription) });
  };
  navigator.serviceWorker.register("/sw.js");
</script>`;

const worker = `
addEventListener("push", (event) => {
  const { title, body } = event.data.json();
  event.waitUntil(registration.showNotification(title, { body }));
});`;

/**
 * The only line of the application that knows of the emulator. web-push speaks TLS with every endpoint, and the
 * emulator plain HTTP; a Chromium's endpoints, which are on Google's hosts, go to it by this, too.
 */
function agent() {
  if (!process.env.PUSHKIT_EMULATOR) return undefined;
  const { hostname, port } = new URL(process.env.PUSHKIT_EMULATOR);
  return Object.assign(new https.Agent(), { createConnection: () => connect(port, hostname) });
}

/** Starts the application, and gives its server. */
export async function start() {
  const keys = webpush.generateVAPIDKeys();
  webpush.setVapidDetails("mailto:push@example.com", keys.publicKey, keys.privateKey);
  const greeting = JSON.stringify({ title: "Welcome", body: "You will hear from us." });
  const server = createServer(async (request, response) => {
    const answer = (type, text, status = 200) => response.writeHead(status, { "Content-Type": type }).end(text);
    switch (request.url) {
      case "/":
        return answer("text/html; charset=utf-8", page);
      case "/sw.js":
        return answer("text/javascript", worker);
      case "/key":
        return answer("application/json", JSON.stringify({ publicKey: keys.publicKey }));
      case "/subscriptions": {
        const subscription = JSON.parse(Buffer.concat(await request.toArray()).toString());
        const sent = await webpush.sendNotification(subscription, greeting, { TTL: 60, agent: agent() }).catch((error) => error);
        return answer("text/plain", String(sent.body ?? ""), sent.statusCode === 201 ? 204 : 502);
      }
      default:
        return answer("text/plain", "not found", 404);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return server;
}
