// What a site's own worker may write in TypeScript: checked by the compiler, never run.
import type { PushkitWorker } from "pushkit";

declare const pushkit: PushkitWorker;
declare const countUnread: () => Promise<number>;

pushkit.on("push", async ({ notification, appBadge = 0, waitUntil }) => {
  const unread = (await countUnread()) + appBadge;
  waitUntil(fetch(notification.navigate ?? "/"));
  return { notification: { body: `${notification.body} (${unread})`, image: undefined }, appBadge: unread };
});
pushkit.on("push", () => {});
pushkit.on("push", async () => {});
pushkit.on("click", ({ action, navigate }) => (action === "like" ? false : navigate + "?from=push"));
pushkit.on("click", async () => new URL("https://www.example.com"));
pushkit.on("click", () => {});
pushkit.on("close", ({ notification }) => console.log(notification.title));

// @ts-expect-error there is no such type
pushkit.on("pushed", () => {});
// @ts-expect-error a change is an object
pushkit.on("push", () => 7);
// @ts-expect-error it leads to an address, or nowhere
pushkit.on("click", () => true);
