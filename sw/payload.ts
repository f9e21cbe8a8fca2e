import type { HookNotification, PushChange, PushHook } from "../js/src/hooks";
import type { Closing, PayloadNotification } from "../js/src/wire.gen";
import { readClosings } from "./close";

/** What `showNotification` takes; TypeScript's library knows only what all browsers do. */
export interface ShowOptions extends NotificationOptions {
  actions?: { action: string; title: string; icon?: string }[];
  image?: string;
  renotify?: boolean;
  timestamp?: number;
  vibrate?: number[];
  /** Where the browser itself leads a click (Notifications API, NotificationOptions.navigate). */
  navigate?: string;
}

/** What of ours stands in `notification.data.pushkit` once it is shown. */
export interface ShownData {
  /** The delivery's token; empty where the payload was not ours. */
  token: string;
  /** Where a click leads, absolute. */
  navigate: string;
  /** Where a click on a button leads, for the buttons that have an address. */
  actions: { action: string; navigate: string }[];
  /** Tells this notification from all others, also from the same push shown again. */
  instance?: string;
}

/** A push ready to be shown: every member has a type that no browser throws at. */
export interface Shown {
  title: string;
  options: ShowOptions & { data: { pushkit: ShownData; data?: unknown } };
  /** The number on the app's icon; absent: leave it. */
  appBadge?: number;
  /** What is closed once this is shown. */
  close: Closing[];
}

const text = (value: unknown): string | undefined => (typeof value === "string" && value ? value : undefined);

const object = (value: unknown): { [name: string]: unknown } => Object(value);

/** An absolute http(s) address, or nothing. */
export function address(value: unknown, base: string): string | undefined {
  const given = text(value);
  try {
    const url = given && new URL(given, base);
    return url && /^https?:$/.test(url.protocol) ? url.href : undefined;
  } catch {
    return undefined;
  }
}

// An integer or its digits, as the drafts of app_badge differ.
const count = (value: unknown): number | undefined =>
  ["number", "string"].includes(typeof value) && /^\d{1,15}$/.test(String(value)) ? Number(value) : undefined;

/** Milliseconds that fit the Vibration API's `unsigned long`. */
const isTime = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 0 && (value as number) < 2 ** 32;

/** Removes what is undefined: for some browsers a member that is there is a member. */
const defined = <T extends object>(members: T): T =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as T;

/**
 * Reads a payload of Declarative Web Push (`"web_push": 8030`), member by
 * member: what is of a wrong type is left out, and what is missing has a
 * default, so that every push can be shown. Takes whatever a stranger may
 * send and never throws. `title` and `navigate` are for what has none.
 */
export function readPayload(payload: unknown, scope: string, title = new URL(scope).host, navigate = scope): Shown {
  const top = object(payload);
  const n = object(top.notification) as { [Name in keyof PayloadNotification | keyof HookNotification]?: unknown };
  const data = object(n.data);
  const token = text(object(data.pushkit).token) ?? "";
  const actions = (Array.isArray(n.actions) ? n.actions : [])
    .map(object)
    .filter(({ action, title }) => text(action) && text(title));
  const tag = text(n.tag) ?? token;
  return {
    title: text(n.title) ?? title,
    options: defined({
      body: text(n.body),
      icon: address(n.icon, scope),
      image: address(n.image, scope),
      badge: address(n.badge, scope),
      tag,
      lang: text(n.lang),
      dir: ["ltr", "rtl"].includes(n.dir as string) ? (n.dir as NotificationDirection) : undefined,
      requireInteraction: n.requireInteraction === true || undefined,
      // A renotify without a tag throws.
      renotify: (n.renotify === true && !!tag) || undefined,
      silent: n.silent === true || undefined,
      timestamp: Number.isSafeInteger(n.timestamp) && (n.timestamp as number) >= 0 ? (n.timestamp as number) : undefined,
      // With silent it throws.
      vibrate: n.silent !== true && Array.isArray(n.vibrate) && n.vibrate.every(isTime) ? n.vibrate : undefined,
      actions: actions.length
        ? actions.map(({ action, title, icon }) =>
            defined({ action: action as string, title: title as string, icon: address(icon, scope) }),
          )
        : undefined,
      data: defined({
        pushkit: {
          token,
          navigate: address(n.navigate, scope) ?? navigate,
          actions: actions.flatMap(({ action, navigate }) => {
            const to = address(navigate, scope);
            return to ? [{ action: action as string, navigate: to }] : [];
          }),
        },
        data: data.data,
      }),
    }),
    appBadge: count(top.app_badge) ?? count(n.app_badge),
    close: readClosings(object(data.pushkit).close),
  };
}

/** What a site's handlers get of a push: a copy, without what is ours. */
export function hookDetail({ title, options, appBadge }: Shown): Pick<PushHook, "notification" | "appBadge"> {
  const { data, actions, ...rest } = options;
  const { navigate, actions: addresses }: ShownData = data.pushkit;
  const buttons = actions?.map((button) => ({ ...addresses.find((to) => to.action === button.action), ...button }));
  const notification = { ...rest, title, navigate, actions: buttons, data: data.data } as HookNotification;
  return structuredClone(defined({ notification: defined(notification), appBadge }));
}

/** A push as a handler wants it. What is of a wrong type is left out, as in a payload; what is ours stays. */
export function changed(shown: Shown, change: PushChange | undefined, scope: string): Shown {
  const given = hookDetail(shown);
  const { notification, appBadge } = { ...given, ...change };
  const { data, ...members } = { ...given.notification, ...notification };
  const { token, navigate } = shown.options.data.pushkit;
  return readPayload(
    { notification: { ...members, data: { pushkit: { token }, data } }, app_badge: appBadge },
    scope,
    shown.title,
    navigate,
  );
}

/** The payload of a push from its text, which need not be JSON. */
export function parsePayload(json: string | undefined): unknown {
  try {
    return JSON.parse(json!);
  } catch {
    return undefined;
  }
}
