// npm web-push as a sender for make bench: takes its work as JSON, tells what it cost as JSON.
import { createECDH, randomBytes } from "node:crypto";
import webpush from "web-push";

/** @type {{sender: string, service: {address: string, p256dh: string, auth: string}, inFlight: number, for: number}} */
const work = JSON.parse(process.argv[2] ?? "");
const encryptsOnly = work.sender === "npm encrypt";
const { publicKey, privateKey } = webpush.generateVAPIDKeys();
const options = { vapidDetails: { subject: "mailto:push@example.com", publicKey, privateKey }, TTL: 3600 };
const payload = Buffer.alloc(300);

const ecdh = createECDH("prime256v1");
const own = { p256dh: ecdh.generateKeys("base64url"), auth: randomBytes(16).toString("base64url") };
const { address, p256dh, auth } = { address: "127.0.0.1:443", ...own, ...(encryptsOnly ? {} : work.service) };
const subscriptions = Array.from({ length: 1000 }, (_, i) => ({
  endpoint: `https://localhost:${address.split(":")[1]}/fcm/send/${String(i).padStart(22, "0")}:APA91b${String(i).padStart(7, "0").repeat(18)}`,
  keys: { p256dh, auth },
}));

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
