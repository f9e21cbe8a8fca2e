// What <pushkit-check> says, in one place.
import type { Abilities } from "../debug";

/** For each ability: what it is called, what there is with it, and what is missing without it. */
export const abilities: { [ability in keyof Abilities]: readonly [name: string, there: string, missing: string] } = {
  secureContext: ["Secure page", "The page came by https, or from this machine.", "The page did not come by https: browsers give no notifications to it."],
  serviceWorker: ["Service worker", "The site can be woken for a message.", "There are no service workers in this window: it may be a private one."],
  notifications: ["Notifications", "The browser can show notifications.", "The browser shows no notifications here. On an iPhone or iPad, add the site to the Home Screen and open it there."],
  push: ["Push", "The browser takes messages while the site is closed.", "The browser takes no messages while the site is closed."],
  declarativePush: ["Declarative push", "The browser shows messages by itself, also where the site's worker fails.", "The site's worker shows each message, as in most browsers."],
  webAssembly: ["WebAssembly", "The page may run what subscribes.", "The page's policy forbids what subscribes: its script-src needs 'wasm-unsafe-eval'."],
  storage: ["Storage", "The browser remembers the subscription.", "The browser remembers nothing of this site: cookies and site data may be blocked."],
  locks: ["Locks", "Several tabs do not get in each other's way.", "Several tabs may get in each other's way."],
  badge: ["Number on the icon", "An installed app's icon can have a number.", "There is no number on the app's icon."],
  backgroundSync: ["Background sync", "What could not be told is told when the network is back.", "What could not be told is told at the next visit or message."],
  actions: ["Buttons", "Notifications can have buttons.", "Notifications have no buttons here."],
};

/** Those without which nothing arrives. */
export const needed: readonly (keyof Abilities)[] = ["secureContext", "serviceWorker", "notifications", "push", "webAssembly", "storage"];

export const texts = {
  looking: "Looking…",
  fine: "Nothing is wrong here: this browser is subscribed.",
  ready: "Nothing is wrong here. Allow notifications to try one.",
  wrong: "What is wrong",
  can: "What this browser can do",
  subscribed: "What is subscribed",
  last: "What the last message did",
  whole: "The whole report, for whoever helps you",
  yes: "Yes",
  no: "No",
  none: "Nothing is subscribed.",
  noPush: "None has come since this browser subscribed.",
  allow: "Allow notifications",
  test: "Send me a test",
  stop: "Unsubscribe",
  copy: "Copy the report",
  copied: "The report is copied.",
  notCopied: "The browser did not let it be copied: open the report below and copy it from there.",
  names: {
    service: "Push service",
    channels: "Channels",
    server: "What the server says",
    worker: "Service worker",
    at: "When",
    message: "Title",
    outcome: "What became of it",
  },
  server: { known: "It has this subscription.", unknown: "It does not know this subscription.", gone: "It knows that this subscription has ended.", "": "It was not asked." } as { [word: string]: string },
  outcome: { shown: "It was shown.", "shown-less": "It was shown without something that this browser refuses.", "not-shown": "It could not be shown." } as { [word: string]: string },
  sending: "Sending a test…",
  unreachable: "The server cannot be reached, or does not allow this page's origin.",
  waiting: "The push service took the test. Waiting for this browser…",
  shown: "The test was shown. If you did not see it, the system hides notifications: see below.",
  notShown: "The push service took the test, but this browser has not shown it within 10 seconds.",
  arrived: "The test arrived, but could not be shown: ",
  look: "Look whether",
} as const;

/** Where to look for a notification that the browser has shown, or not got. */
export const places: readonly string[] = [
  "a focus mode or do-not-disturb is on;",
  "the system's settings let this browser notify (Windows: Settings, System, Notifications; macOS: System Settings, Notifications; Android: Settings, Apps, the browser, Notifications; iOS: Settings, Notifications, the app);",
  "the notification is in the system's list, without having popped up;",
  "the browser saves battery or data, or may not run in the background;",
  "a VPN, firewall or company network keeps the browser from its push service.",
];
