import { EventDisplayed, WorkerPush } from "../js/src/wire.gen";
import { tellPages } from "./messages";
import { report } from "./outbox";
import { parsePayload, readPayload, type Shown, type ShownData } from "./payload";
import { scope, worker } from "./scope";

/** A push event where the browser knows declarative pushes (Push API, PushEvent). */
type DeclarativePushEvent = PushEvent & { notification?: Notification | null; appBadge?: number | null };

/** Our part of a notification's data; nothing for a notification of somebody else. */
export const shownData = (notification: Notification): ShownData | undefined => notification.data?.pushkit;

/** Shows what was pushed, whatever it is, and then tells everybody. */
export async function receive(event: DeclarativePushEvent): Promise<void> {
  const { notification, appBadge, data } = event;
  const shown = readPayload(
    // A mutable declarative push comes as the notification that would be shown.
    notification ? { notification, app_badge: appBadge } : parsePayload(data?.text()),
    scope(),
  );
  await show(shown);
  // Only now: a push that shows nothing in time may cost the subscription.
  const { title, options } = shown;
  const { token, navigate } = options.data.pushkit;
  const { body = "", tag = "", data: site } = { ...options, data: options.data.data };
  // Never awaited: it has been seen to hang in iOS workers.
  if (shown.appBadge !== undefined) worker.navigator.setAppBadge?.(shown.appBadge).catch(() => {});
  await Promise.all([
    tellPages({ type: WorkerPush, title, body, tag, navigate, data: site }),
    report(EventDisplayed, token),
  ]);
}

async function show({ title, options }: Shown): Promise<void> {
  const { tag, renotify, data } = options;
  const { token } = data.pushkit;
  if (renotify) {
    const there = await worker.registration.getNotifications({ tag }).catch(() => []);
    // The same push again: it replaces itself without a sound.
    if (there.some((older) => shownData(older)?.token === token)) options.renotify = false;
  }
  // Tells this one from older ones under the tag.
  const shownAt = `${Date.now()} ${Math.random()}`;
  const marked = { ...data, pushkit: { ...data.pushkit, shownAt } };
  await worker.registration
    .showNotification(title, { ...options, data: marked })
    // A member that this browser refuses must not cost the notification.
    .catch(() => worker.registration.showNotification(title, { body: options.body, tag, data: marked }));
  if (tag) await closeOlder(tag, shownAt);
}

/** Closes what tag should have replaced, and did not where it has no effect, as in Safari. */
async function closeOlder(tag: string, shownAt: string): Promise<void> {
  const there = await worker.registration.getNotifications({ tag }).catch(() => []);
  for (const older of there) {
    const data = shownData(older) as (ShownData & { shownAt?: string }) | undefined;
    if (data && data.shownAt !== shownAt) older.close();
  }
}
