import { EventDisplayed, PushNotShown, PushShown, PushShownLess, WorkerPush } from "../js/src/wire.gen";
import { callHooks, PushHookTime } from "./hooks";
import { remember } from "./lastpush";
import { tellPages } from "./messages";
import { HandlerTime, report } from "./outbox";
import { closeTags, wasClosed } from "./close";
import { changed, hookDetail, parsePayload, readPayload, type ShowOptions, type Shown } from "./payload";
import { scope, worker } from "./scope";
import { shownData } from "./shown";

/** A push event where the browser knows declarative pushes (Push API, PushEvent). */
type DeclarativePushEvent = PushEvent & { notification?: Notification | null; appBadge?: number | null };

/** Shows what was pushed, whatever it is, and then tells everybody. */
export async function receive(event: DeclarativePushEvent): Promise<void> {
  const began = Date.now();
  const { notification, appBadge, data } = event;
  const came = readPayload(
    // A mutable declarative push comes as the notification that would be shown.
    notification ? { notification, app_badge: appBadge } : parsePayload(data?.text()),
    scope(),
  );
  let shown = came;
  await callHooks("push", event, () => hookDetail(shown), PushHookTime, (change) => {
    if (change) shown = changed(shown, change, scope());
  });
  const instance = crypto.randomUUID();
  const error = await show(shown, instance, !!notification)
    .catch((refused) => {
      // Nothing that a handler makes of a push may cost it: data that cannot be
      // cloned, for one.
      if (shown === came) throw refused;
      shown = came;
      return show(shown, instance, !!notification);
    })
    .catch(async (refused) => {
      await remember({ at: began, title: shown.title, outcome: PushNotShown, error: String(refused) });
      throw refused;
    });
  // Only now: a push that shows nothing in time may cost the subscription.
  const { title, options } = shown;
  const { token, navigate } = options.data.pushkit;
  const { body = "", tag = "", data: site } = { ...options, data: options.data.data };
  // Never awaited: it has been seen to hang in iOS workers.
  void setAppBadge(shown.appBadge).catch(() => {});
  await Promise.all([
    closeTags(came.close, instance),
    // A page that is told may look at once, as the panel does.
    remember({ at: began, title, ...(error ? { outcome: PushShownLess, error } : { outcome: PushShown }) }).then(() =>
      tellPages({ type: WorkerPush, title, body, tag, navigate, data: site }),
    ),
    report(EventDisplayed, token, "", HandlerTime - (Date.now() - began)),
  ]);
}

/** 0 takes the number away; async, so that no browser's throwing costs what follows. */
async function setAppBadge(count?: number): Promise<void> {
  if (count !== undefined) await worker.navigator.setAppBadge?.(count);
}

// The last notification that this worker showed under each tag.
const latest = new Map<string, string>();

/** Whether a notification was closed by the one that took its place, or for its tag: Firefox tells of those too. */
export const wasReplaced = ({ tag, data }: Notification): boolean =>
  wasClosed(data.pushkit) || (latest.has(tag) && latest.get(tag) !== data.pushkit.instance);

/** Gives what the browser said against one of the members, without which it was shown then; empty where it took all. */
async function show({ title, options }: Shown, instance: string, declarative: boolean): Promise<string> {
  const { body, tag = "", renotify, data } = options;
  // A declarative push takes nothing without an address, which the browser then
  // opens itself. Elsewhere there is none, so that the click is ours.
  const navigate = declarative ? data.pushkit.navigate : undefined;
  if (renotify) {
    const there = await worker.registration.getNotifications({ tag }).catch(() => []);
    // The same push again: it replaces itself without a sound.
    if (there.some((older) => shownData(older)?.token === data.pushkit.token)) options.renotify = false;
  }
  const marked = { ...data, pushkit: { ...data.pushkit, instance } };
  if (tag) latest.set(tag, instance);
  const whole: ShowOptions = { ...options, data: marked };
  if (navigate) whole.navigate = navigate;
  const least: ShowOptions = { body, tag, navigate, data: marked };
  let error = "";
  await worker.registration.showNotification(title, whole).catch((refused) => {
    error = String(refused);
    // A member that this browser refuses must not cost the notification.
    return worker.registration.showNotification(title, least);
  });
  if (tag) await closeOlder(tag, instance);
  return error;
}

/** Closes what tag should have replaced, and did not where it has no effect, as in Safari. */
async function closeOlder(tag: string, instance: string): Promise<void> {
  const there = await worker.registration.getNotifications({ tag }).catch(() => []);
  for (const older of there) {
    const ours = shownData(older);
    if (ours && ours.instance !== instance) older.close();
  }
}
