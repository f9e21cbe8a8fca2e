// Go's wasm_exec.js and what starts Go with it: a file of its own, which the
// loader imports together with the WebAssembly.
import { hide, show } from "./exec-globals";
import { GoSentences, ServerUnreachable } from "./wire.gen";
import "wasm_exec.js";

/** What the loader hands to Go. */
export interface Args {
  server: string;
  serviceWorker: string;
  scope: string;
  channels?: string[];
  addChannels?: string[];
  removeChannels?: string[];
  locale?: string;
  timeZone?: string;
  userToken?: string;
  /** The answer to the prompt that the loader showed within the click. */
  permission?: Promise<NotificationPermission>;
  /** Whether the call came from a click, as far as the browser says. */
  gesture?: boolean;
}

/** What Go says of the subscription; all empty without one. */
export interface State {
  subscribed: boolean;
  endpoint: string;
  id: string;
  channels: string[];
}

/** Go's client. Its promises reject with `{code, detail, cause?}`. */
export type Client = { [Method in "subscribe" | "change" | "unsubscribe" | "forget" | "sync"]: (args: Args) => Promise<State> };

/** This file as a module. */
export type Exec = typeof import("./exec");

interface GoInstance {
  importObject: WebAssembly.Imports;
  run(instance: WebAssembly.Instance): Promise<void>;
}

const page = globalThis as unknown as { Go: new () => GoInstance; pushkitClient?: (client: Client) => void };
const { Go } = page;
hide();

/** Starts Go. Should it ever end, `ended` is called, which throws, and every call that waits is rejected. */
export async function start(response: Response, ended: (thrown: Error) => never): Promise<Client> {
  // As Go's own errors, for the loader to make a PushkitError of.
  if (!response.ok) throw { code: ServerUnreachable, detail: `${response.url} is answered ${response.status}.` };
  const go = new Go();
  const { instance } = await WebAssembly.instantiateStreaming(response, go.importObject);
  const ready = new Promise<Client>((resolve) => (page.pushkitClient = resolve));
  show();
  const ending = go.run(instance).then(() => ended(new Error("The WebAssembly ended.")));
  hide();
  // Nobody may be waiting when it ends.
  ending.catch(() => {});
  const client = await Promise.race([ready, ending]);
  delete page.pushkitClient;
  const call = (method: keyof Client) => (args: Args) => Promise.race([client[method](args), ending]).catch(explain);
  return {
    subscribe: call("subscribe"),
    change: call("change"),
    unsubscribe: (args) => call("unsubscribe")(args).then((state) => (clearBadge(), state)),
    forget: (args) => call("forget")(args).then((state) => (clearStorage(), clearBadge(), state)),
    sync: call("sync"),
  };
}

/** Says in words what only Go says: the loader has no sentence for it. */
function explain(thrown: { code?: string; detail?: string }): never {
  const sentence = GoSentences[thrown.code!];
  if (sentence) thrown.detail = `${sentence} ${thrown.detail}`;
  throw thrown;
}

/** Takes the number from the app's icon, which no push would change any more. */
function clearBadge(): void {
  navigator.clearAppBadge?.().catch(() => {});
}

/** Removes what the loader and the elements keep outside the database. */
function clearStorage(): void {
  try {
    for (const storage of [localStorage, sessionStorage]) {
      for (const key of Object.keys(storage)) if (key.startsWith("pushkit:")) storage.removeItem(key);
    }
  } catch {
    // A page that may not store has nothing stored.
  }
}
