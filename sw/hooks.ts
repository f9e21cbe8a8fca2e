import type { HookEvent, HookMap, PushkitWorker, ShownNotification } from "../js/src/hooks";
import type { ShownData } from "./payload";

/** How long all handlers of a push may take together, in ms: the rest of `HandlerTime` is to show and tell. */
export const PushHookTime = 3_000;

/**
 * How long those of a click may, in ms. Firefox lets a click open a window for
 * 1 s (dom.webnotifications.disable_open_click_delay), and pages are asked
 * before one is opened.
 */
export const ClickHookTime = 300;

const handlers: { [Type in keyof HookMap]: HookMap[Type][] } = { push: [], click: [], close: [] };

/** What a site's own code finds in its worker. */
export const pushkit: PushkitWorker = {
  on(type, handler) {
    if (!Object.keys(handlers).includes(type) || typeof handler !== "function") {
      throw new TypeError("pushkit.on(type, handler) takes push, click or close, and a function.");
    }
    handlers[type].push(handler);
  },
};

/**
 * Calls the site's handlers one after the other with what `detail` gives, and
 * hands each answer that comes in time to `take`. Never rejects.
 */
export async function callHooks<Type extends keyof HookMap>(
  type: Type,
  event: ExtendableEvent,
  detail: () => Omit<Parameters<HookMap[Type]>[0], keyof HookEvent>,
  limit = 0,
  take: (answer: Awaited<ReturnType<HookMap[Type]>>) => unknown = () => {},
): Promise<void> {
  const complain = (thrown: unknown): void => console.error(`pushkit.on("${type}"):`, thrown);
  const waitUntil = (work: PromiseLike<unknown>): void => event.waitUntil(Promise.resolve(work).catch(complain));
  // No timer where nobody has a handler.
  const late = handlers[type].length && limit ? new Promise<undefined>((resolve) => setTimeout(resolve, limit)) : undefined;
  for (const handler of handlers[type]) {
    const answering = (async () => handler({ ...detail(), waitUntil } as never))().catch(complain);
    try {
      take((await (late ? Promise.race([late, answering]) : answering)) as never);
    } catch (thrown) {
      // An answer may be anything, with members that throw.
      complain(thrown);
    }
  }
}

/** What handlers of a click or a close learn of a notification. */
export const shownNotification = (
  { title, body, tag, data }: Notification,
  { navigate }: ShownData,
): ShownNotification => ({ title, body, tag, navigate, data: data.data });
