// What pushkit.debug() tells: a file of its own, for support people and whoever
// looks for the reason why nothing is seen.
import { leaveAbsent, readRecord, settled, transact } from "../database";
import type { Settings } from "../options";
import { observe, readStatus, type Observation, type Status } from "../status";
import {
  PathConfig,
  PathSubscriptionsCheck,
  PushNotShown,
  StoreEvents,
  WorkerAnswerTimeout,
  WorkerPing,
  WorkerPong,
  type CheckRequest,
  type Config,
  type LastPush,
} from "../wire.gen";
import { toText } from "./text";

/** What this browser has; `actions` is how many buttons a notification may have. */
export interface Abilities {
  secureContext: boolean;
  serviceWorker: boolean;
  notifications: boolean;
  push: boolean;
  declarativePush: boolean;
  webAssembly: boolean;
  storage: boolean;
  locks: boolean;
  badge: boolean;
  backgroundSync: boolean;
  actions: number;
}

/** A service worker of this origin. */
export interface WorkerInfo {
  scope: string;
  script: string;
  state: string;
  /** Whether it answers as one that imports pushkit-sw.js, and of which version. */
  pushkit: boolean;
  version?: string;
}

/** The browser's subscription. Of endpoint and key there is a fingerprint alone, by which two can be told apart. */
export interface SubscriptionInfo {
  pushService: string;
  endpoint: string;
  applicationServerKey: string;
  expires: string | null;
  encodings: readonly string[];
}

/** What page and worker remember. */
export interface RecordInfo {
  server: string;
  wanted: boolean;
  pending: boolean;
  removing: boolean;
  endpoint: string;
  applicationServerKey: string;
  channels: string[];
  /** Events that the server has not got yet. */
  waiting: number;
}

/** What the server says. */
export interface ServerInfo {
  address: string;
  /** How long its first answer took, in ms; null: it could not be reached. */
  took: number | null;
  applicationServerKey: string;
  /** Its word about this subscription; empty where it was not asked. */
  subscription: "" | "known" | "unknown" | "gone" | `answered ${number}` | "unreachable";
}

/** What `pushkit.debug()` gives; `String()` makes a text of it. */
export class DebugReport {
  pushkit = PUSHKIT_VERSION;
  at = new Date().toISOString();
  page = location.origin + location.pathname;
  browser = navigator.userAgent;
  languages: readonly string[] = navigator.languages;
  timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  /** Whether it runs as an app: on iOS push needs that. */
  installed = matchMedia("(display-mode: standalone), (display-mode: fullscreen)").matches;
  /** What is wrong, as far as can be seen from here; the first is the most likely reason. */
  problems: string[] = [];
  can: Abilities;
  status: Omit<Status, "endpoint">;
  workers: WorkerInfo[] = [];
  subscription: SubscriptionInfo | null = null;
  record: RecordInfo | null = null;
  server: ServerInfo | null = null;
  /** What the last push did here; null: none has come since this browser subscribed. */
  lastPush: LastPush | null = null;
  /** Notifications of this site that are on the screen. */
  shown = 0;

  constructor(can: Abilities, { endpoint: _, ...status }: Status) {
    this.can = can;
    this.status = status;
  }

  toString(): string {
    return toText(this);
  }
}

/** Looks and changes nothing; never rejects. */
export async function debug(settings?: Settings): Promise<DebugReport> {
  const report = new DebugReport(await abilities(), await readStatus(settings));
  // What a browser refuses to tell is left as it is.
  const seen: Observation = settings ? await observe(settings).catch(() => ({})) : {};
  const tell = (part: Promise<unknown>): Promise<unknown> => part.catch(() => {});
  await Promise.all([
    tell(workers().then((found) => (report.workers = found))),
    tell(subscription(seen).then((found) => (report.subscription = found))),
    settings && tell(record(settings).then((found) => Object.assign(report, found))),
    settings && tell(server(settings, seen).then((found) => (report.server = found))),
    tell(Promise.resolve(seen.registration?.getNotifications()).then((shown) => (report.shown = shown?.length ?? 0))),
  ]);
  report.problems = problems(report, settings);
  return report;
}

async function abilities(): Promise<Abilities> {
  const there = (name: string, where: object = window): boolean => name in where;
  const { reason } = await readStatus();
  return {
    secureContext: isSecureContext,
    serviceWorker: there("serviceWorker", navigator),
    notifications: there("Notification"),
    push: there("PushManager"),
    declarativePush: there("pushManager"),
    webAssembly: reason !== "no-webassembly",
    storage: await stores(),
    locks: there("locks", navigator),
    badge: there("setAppBadge", navigator),
    backgroundSync: there("SyncManager"),
    actions: there("Notification") ? ((Notification as { maxActions?: number }).maxActions ?? 0) : 0,
  };
}

/** Whether the browser lets this page store anything. */
const stores = (): Promise<boolean> =>
  Promise.resolve()
    .then(() => indexedDB.databases?.())
    .then(() => true, () => false);

/** The first eight hexadecimal digits of SHA-256: enough to compare, and nothing to send with. */
async function fingerprint(text: string): Promise<string> {
  if (!text) return "";
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(hash, 0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Without padding, as the server writes its keys. */
const base64url = (bytes: ArrayBuffer): string =>
  btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");

const workers = async (): Promise<WorkerInfo[]> =>
  Promise.all(
    (await navigator.serviceWorker.getRegistrations()).map(async ({ scope, active, waiting, installing }) => {
      const worker = active ?? waiting ?? installing;
      return { scope, script: worker?.scriptURL ?? "", state: worker?.state ?? "none", ...(await ask(worker)) };
    }),
  );

/** What a worker answers to ours. */
const ask = (worker: ServiceWorker | null): Promise<{ pushkit: boolean; version?: string }> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    const end = (answer?: { type: string; version?: string }): void => {
      port1.close();
      resolve({ pushkit: answer?.type === WorkerPong, version: answer?.version });
    };
    setTimeout(end, WorkerAnswerTimeout);
    port1.onmessage = ({ data }) => end(data?.pushkit);
    worker?.postMessage({ pushkit: { type: WorkerPing } }, [port2]);
  });

async function subscription({ subscription: s }: Observation): Promise<SubscriptionInfo | null> {
  if (!s) return null;
  const key = s.options.applicationServerKey;
  return {
    pushService: new URL(s.endpoint).host,
    endpoint: await fingerprint(s.endpoint),
    applicationServerKey: await fingerprint(key ? base64url(key) : ""),
    expires: s.expirationTime ? new Date(s.expirationTime).toISOString() : null,
    encodings: PushManager.supportedContentEncodings ?? [],
  };
}

async function record({ scope }: Settings): Promise<Pick<DebugReport, "record" | "lastPush"> | undefined> {
  const kept = await readRecord(scope);
  if (!kept) return;
  const waiting = await transact(StoreEvents, "readonly", leaveAbsent, (store) => settled(store.count())).catch(() => 0);
  const { server, wanted, pending, removing, endpoint, applicationServerKey, channels, lastPush = null } = kept;
  return {
    lastPush: lastPush as LastPush | null,
    record: {
      server, wanted, pending, removing: !!removing, channels: channels ?? [], waiting,
      endpoint: await fingerprint(endpoint),
      applicationServerKey: await fingerprint(applicationServerKey),
    },
  };
}

async function server({ server: address }: Settings, { subscription: s, record: kept }: Observation): Promise<ServerInfo> {
  const call = (path: string, init?: RequestInit): Promise<Response | undefined> =>
    fetch(address + path, { ...init, signal: AbortSignal.timeout(10_000) }).catch(() => undefined);
  const began = performance.now();
  const config = await call(PathConfig);
  const took = config ? Math.round(performance.now() - began) : null;
  const key: string = config?.ok ? ((await config.json()) as Config).applicationServerKey : "";
  const info: ServerInfo = { address, took, applicationServerKey: await fingerprint(key), subscription: "" };
  if (s && config) {
    const { applicationServerKey = "" } = kept ?? {};
    const response = await call(PathSubscriptionsCheck, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ endpoint: s.endpoint, applicationServerKey } satisfies CheckRequest),
    });
    const { status } = response ?? {};
    info.subscription =
      status === 204 || status === 200 ? "known" : status === 404 ? "unknown" : status === 410 ? "gone" : status ? `answered ${status}` : "unreachable";
  }
  return info;
}

/** What a person who knows pushkit would see at once in a report. */
function problems({ status, subscription: s, server, workers, lastPush, record }: DebugReport, settings?: Settings): string[] {
  const found: [unknown, string][] = [
    [status.reason, `${status.advice} (${status.reason})`],
    [server && server.took === null, `${server?.address} cannot be reached from here, or does not allow this origin.`],
    [server?.took != null && !server.applicationServerKey, `${server?.address} gives no key: it does not allow this origin, or is no pushkit server.`],
    [status.permission === "default", "Nobody has been asked for permission, or the question was closed."],
    [!s && record?.wanted, "The subscription is lost; subscribe() or the next visit makes a new one."],
    [s && !record?.wanted, "The browser has a subscription that is not wanted any more, or not ours."],
    [s && record && s.endpoint !== record.endpoint, "The server was not told yet of the subscription that the browser has now."],
    [record?.pending, "The last change has not reached the server yet."],
    [s && server?.applicationServerKey && s.applicationServerKey !== server.applicationServerKey,
      "The subscription was made with another key than the server has now."],
    [server?.subscription === "unknown", "The server does not know this subscription as it is."],
    [server?.subscription === "gone", "The server knows that this subscription has ended."],
    [record?.waiting, `${record?.waiting} events wait for the server.`],
    [lastPush?.outcome === PushNotShown, `The last push could not be shown: ${lastPush?.error}`],
  ];
  const own = workers.find(({ scope }) => scope === settings?.scope);
  if (own && !own.pushkit) found.push([true, `${own.script} does not answer as a worker that imports pushkit-sw.js.`]);
  return found.filter(([holds]) => holds).map(([, sentence]) => sentence);
}
