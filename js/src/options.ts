import { PushkitError } from "./error";
import {
  CheckEvery,
  DefaultServiceWorker,
  InvalidOption,
  MaxBody,
  MaxChannelLength,
  MaxChannels,
  MaxLocaleLength,
  MaxTimeZoneLength,
} from "./wire.gen";

/** Options of `pushkit.init()`. */
export interface PushkitOptions {
  /** The companion server's address, for example `https://push.example.com`. */
  server: string | URL;
  /** The service worker's file on the site's own origin; default `/pushkit-sw.js`. */
  serviceWorker?: string | URL;
  /** The service worker's scope; default the folder of its file. */
  scope?: string | URL;
  /**
   * How long a tab trusts its last check that the server still has the
   * subscription, in milliseconds; default an hour.
   */
  checkEvery?: number;
}

/** Options of `pushkit.subscribe()`. */
export interface SubscribeOptions {
  /**
   * The subscription's channels, at most 50 names of 1 to 64 characters. They
   * replace the channels that it has; absent, those stay.
   */
  channels?: string[];
  /** A BCP 47 language tag; default the browser's. */
  locale?: string;
  /** An IANA time zone; default the browser's. */
  timeZone?: string;
  /** A JWT by the site's back end that says whose subscription this is. */
  userToken?: string;
}

/** Options of init, checked and made absolute. */
export interface Settings {
  /** Origin and path without a slash at the end. */
  server: string;
  serviceWorker: string;
  scope: string;
  checkEvery: number;
}

function must(holds: unknown, option: string, be: string): asserts holds {
  if (!holds) throw new PushkitError(InvalidOption, `${option} must be ${be}.`);
}

/** An address on this origin where there is a base, else an absolute one. */
function url(value: string | URL, option: string, base?: string): URL {
  let parsed: URL | undefined;
  try {
    parsed = new URL(value, base);
  } catch {}
  if (base) must(parsed?.origin === location.origin, option, "on this origin");
  must(/^http/.test(parsed?.protocol!), option, "an http(s) address");
  return parsed!;
}

/** Checks the options of init; throws `invalid-option`. */
export function parseOptions(options: PushkitOptions): Settings {
  const { server, serviceWorker = DefaultServiceWorker, scope, checkEvery = CheckEvery } = Object(options);
  const { origin, pathname } = url(server, "server");
  const { href } = url(serviceWorker, "serviceWorker", document.baseURI);
  must(checkEvery >= 0, "checkEvery", "milliseconds");
  return {
    server: origin + pathname.replace(/\/+$/, ""),
    serviceWorker: href,
    scope: url(scope || ".", "scope", scope ? document.baseURI : href).href,
    checkEvery,
  };
}

/** Checks the options of subscribe and fills in the browser's locale and time zone; throws `invalid-option`. */
export function parseSubscribeOptions(options?: SubscribeOptions): SubscribeOptions {
  const { channels, locale, timeZone, userToken } = Object(options);
  // Absent and null are the same: both come out of a page's templates.
  const text = <Text>(value: Text, option: string, most: number): Text => {
    must(value == null || (typeof value === "string" && value && [...value].length <= most), option, `1 to ${most} characters`);
    return value;
  };
  if (channels != null) {
    must(Array.isArray(channels) && channels.length <= MaxChannels, "channels", MaxChannels + " names");
    channels.forEach((name) => text(name ?? "", "channels", MaxChannelLength));
  }
  return {
    channels,
    locale: text(locale ?? (navigator.language || null), "locale", MaxLocaleLength),
    timeZone: text(timeZone ?? Intl.DateTimeFormat().resolvedOptions().timeZone, "timeZone", MaxTimeZoneLength),
    userToken: text(userToken, "userToken", MaxBody),
  };
}
