// Sends a message, prints its id, waits until it is sent and prints what became of it.
//
//   PUSHKIT_SERVER=https://push.example.com PUSHKIT_API_KEY=… node send.mjs
import { setTimeout as sleep } from "node:timers/promises";

const { PUSHKIT_SERVER: server, PUSHKIT_API_KEY: key } = process.env;

async function call(method, path, body) {
  const response = await fetch(server + path, {
    method,
    headers: { Authorization: `Bearer ${key}`, "Content-Type": "application/json" },
    body: body && JSON.stringify(body),
    signal: AbortSignal.timeout(30_000),
  });
  if (response.ok) return response.json();
  // A problem (RFC 9457) has a code for programs and a sentence for people. A proxy's error may be anything.
  if (response.headers.get("Content-Type") !== "application/problem+json") throw new Error(`HTTP ${response.status}`);
  const { code, detail } = await response.json();
  throw new Error(`${code}: ${detail}`);
}

try {
  if (!server || !key) throw new Error("set PUSHKIT_SERVER and PUSHKIT_API_KEY");
  let message = await call("POST", "/v1/messages", {
    audience: { all: true },
    notification: { title: "Goal!", body: "2:1, says Node" },
    ttl: 3600,
  });
  console.log(message.id);
  while (message.state !== "sent") {
    if (message.state === "cancelled") throw new Error("the message was cancelled");
    await sleep(1000);
    message = await call("GET", `/v1/messages/${message.id}`);
  }
  console.log(JSON.stringify(message.counts));
} catch (error) {
  // fetch says why it failed in the cause.
  console.error(`send.mjs: ${error.cause?.message || error.cause?.code || error.message}`);
  process.exitCode = 1;
}
