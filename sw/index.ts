// The service worker's part of pushkit, for importScripts or a module's import
// in a site's own worker: it adds listeners, and takes nothing from the site's.
import { EventClosed } from "../js/src/wire.gen";
import { follow } from "./click";
import { callHooks, pushkit, shownNotification } from "./hooks";
import { answer } from "./messages";
import { flush, markClicked, report, SyncTag, wasClicked } from "./outbox";
import { worker } from "./scope";
import { receive, wasReplaced } from "./show";
import { shownData } from "./shown";
import { renew } from "./subscriptionchange";

// The global of a site's own code, by which a second import sees that nothing is
// left to do.
const site = worker as { pushkit?: typeof pushkit };
if (typeof site.pushkit?.on !== "function") {
  site.pushkit = pushkit;
  worker.addEventListener("push", (event) => event.waitUntil(receive(event)));

  worker.addEventListener("notificationclick", (event) => {
    const ours = shownData(event.notification);
    if (!ours) return;
    markClicked(ours.token);
    event.notification.close();
    event.waitUntil(follow(event, ours));
  });

  worker.addEventListener("notificationclose", (event) => {
    const ours = shownData(event.notification);
    if (!ours || wasReplaced(event.notification)) return;
    // Firefox tells of those too that were clicked.
    if (wasClicked(ours.token)) return;
    const notification = shownNotification(event.notification, ours);
    event.waitUntil(Promise.all([callHooks("close", event, () => ({ notification })), report(EventClosed, ours.token)]));
  });

  worker.addEventListener("pushsubscriptionchange", (event) => {
    (event as ExtendableEvent).waitUntil(renew(event as PushSubscriptionChangeEvent));
  });

  worker.addEventListener("message", (event) => {
    const work = answer(event);
    if (work) event.waitUntil(work);
  });

  // Background Synchronization, where the browser has it.
  worker.addEventListener("sync" as "message", (event) => {
    if ((event as unknown as { tag: string }).tag !== SyncTag) return;
    // A rejection asks the browser to try again.
    event.waitUntil(flush().then((all) => all || Promise.reject(new Error("The server is away."))));
  });
}
