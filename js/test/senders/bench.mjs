// npm web-push as a sender for make bench: takes its work as JSON, tells what it cost as JSON.
import { createECDH, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import webpush from "web-push";

/** @type {{sender: string, address: string, folder: string, inFlight: number, for: number}} */
const work = JSON.parse(process.argv[2] ?? "");
const encryptsOnly = work.sender === "npm encrypt";
const { publicKey, privateKey } = webpush.generateVAPIDKeys();
const options = { vapidDetails: { subject: "mailto:push@example.com", publicKey, privateKey }, TTL: 3600 };
const payload = Buffer.alloc(300);

/** Those of the service, by the name that needs no route. */
function givenSubscriptions() {
  /** @type {{Endpoint: string, P256dh: string, Auth: string}[]} */
  const given = JSON.parse(readFileSync(join(work.folder, "subscriptions.json"), "utf8"));
  return given.map(({ Endpoint, P256dh: p256dh, Auth: auth }) => ({
    endpoint: Endpoint.replace("push.example.com", `localhost:${work.address.split(":")[1]}`),
    keys: { p256dh, auth },
  }));
}

function ownSubscription() {
  const p256dh = createECDH("prime256v1").generateKeys("base64url");
  return { endpoint: "https://fcm.googleapis.com/fcm/send/x", keys: { p256dh, auth: randomBytes(16).toString("base64url") } };
}

const subscriptions = encryptsOnly ? [ownSubscription()] : givenSubscriptions();

/** @param {number} i */
async function one(i) {
  const subscription = /** @type {import("web-push").PushSubscription} */ (subscriptions[i % subscriptions.length]);
  if (encryptsOnly) return void webpush.generateRequestDetails(subscription, payload, options);
  await webpush.sendNotification(subscription, payload, options);
}

for (let i = 0; i < 20; i++) await one(i);
const cpu = process.cpuUsage();
const began = process.hrtime.bigint();
const end = began + BigInt(work.for);
let messages = 0;
let failed = 0;
await Promise.all(
  Array.from({ length: work.inFlight || 1 }, async () => {
    while (process.hrtime.bigint() < end) {
      await one(messages++).catch(() => failed++);
    }
  }),
);
const { user, system } = process.cpuUsage(cpu);
const seconds = Number(process.hrtime.bigint() - began) / 1e9;
console.log(JSON.stringify({ messages, failed, seconds, cpu: (user + system) / messages }));
process.exit();
