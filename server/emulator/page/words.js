/** @typedef {import("./api.js").Push} Push */
/** @typedef {import("./api.js").Fault} Fault */
/** @typedef {import("./api.js").Subscription} Subscription */

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });
const number = new Intl.NumberFormat();

/** @param {string} time of RFC 3339 */
export const timeOfDay = (time) => clock.format(new Date(time));

/** @param {number} n */
export const count = (n) => number.format(n);

/**
 * @param {number} n
 * @param {string} one
 * @param {string} [many]
 */
export const counted = (n, one, many = `${one}s`) => `${count(n)} ${n === 1 ? one : many}`;

/** @param {"firefox" | "chromium"} kind */
export const browserName = (kind) => (kind === "firefox" ? "Firefox" : "Chromium");

/** @param {string} as google, mozilla, apple or microsoft */
export const vendorName = (as) => as.charAt(0).toUpperCase() + as.slice(1);

/** @param {number} seconds */
export function duration(seconds) {
  for (const [unit, size] of /** @type {const} */ ([["day", 86400], ["hour", 3600], ["minute", 60]])) {
    if (seconds >= size && seconds % size === 0) return counted(seconds / size, unit);
  }
  return counted(seconds, "second");
}

/** @param {number} ms */
export const milliseconds = (ms) => (ms < 1000 ? `${ms < 10 ? ms.toFixed(1) : Math.round(ms)} ms` : `${Number((ms / 1000).toFixed(1))} s`);

/** @param {string} text */
export const shortened = (text) => (text.length > 20 ? `${text.slice(0, 8)}…${text.slice(-6)}` : text);

/**
 * An endpoint that tells its service and its end.
 *
 * @param {string} endpoint
 */
export function shortEndpoint(endpoint) {
  const { host, pathname } = new URL(endpoint);
  return `${host}/…${pathname.slice(-8)}`;
}

/**
 * What a person calls a subscription.
 *
 * @param {Subscription} subscription
 */
export const subscriptionName = (subscription) =>
  subscription.site ? subscription.site.replace(/^https?:\/\//, "") : `${browserName(subscription.browser)} ${subscription.id.slice(0, 8)}`;

/**
 * The groups by which pushes are filtered.
 *
 * @param {Push} push
 * @returns {"refused" | "waiting" | "received" | "failed" | "unsent"}
 */
export function group(push) {
  switch (push.state) {
    case "refused":
      return "refused";
    case "queued":
    case "delivered":
      return "waiting";
    case "acked":
      return (push.code ?? 0) === 0 || push.code === 100 ? "received" : "failed";
    default:
      return "unsent";
  }
}

/**
 * What became of a push, after its answer.
 *
 * @param {Push} push
 */
export function fate(push) {
  switch (push.state) {
    case "refused":
      return "refused";
    case "queued":
      return "waits for the browser";
    case "delivered":
      return "sent, not answered yet";
    case "acked":
      return push.answer ?? "";
    case "expired":
      return "its TTL ended before it was sent";
    case "replaced":
      return "replaced by one with the same topic";
    case "dropped":
      return "dropped with its subscription, or too many waited";
  }
}

/** What a fault does, by its kind. */
export const faultKinds = {
  status: "answered with another status",
  delay: "answered late",
  "lost-answer": "taken, but not answered",
  clock: "judged as that of a sender whose clock is wrong",
};

/** @param {Fault} fault */
export function faultName(fault) {
  switch (fault.kind) {
    case "status":
      return fault.retryAfter ? `${fault.status}, Retry-After ${fault.retryAfter} s` : `${fault.status}`;
    case "delay":
      return `answered ${milliseconds(fault.delay ?? 0)} late`;
    case "lost-answer":
      return faultKinds[fault.kind];
    case "clock": {
      const ahead = fault.ahead ?? 0;
      return `the sender's clock ${duration(Math.abs(ahead))} ${ahead < 0 ? "behind" : "ahead"}`;
    }
  }
}
