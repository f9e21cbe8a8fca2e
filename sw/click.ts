import { ClickAnswerTimeout, EventClicked, WorkerClick, type WorkerMessage } from "../js/src/wire.gen";
import { callHooks, ClickHookTime, shownNotification } from "./hooks";
import { report } from "./outbox";
import { address, type ShownData } from "./payload";
import { scope, windows, worker } from "./scope";

/** Brings the person to where the notification leads, and then reports it. */
export async function follow(event: NotificationEvent, ours: ShownData): Promise<void> {
  const { action } = event;
  const { token, actions, navigate = scope() } = ours;
  const notification = shownNotification(event.notification, ours);
  let to = actions?.find((button) => button.action === action)?.navigate ?? navigate;
  await callHooks("click", event, () => ({ notification: { ...notification }, action, navigate: to }), ClickHookTime, (answer) => {
    to = answer === false ? "" : (address(answer instanceof URL ? answer.href : answer, scope()) ?? to);
  });
  // First, since the browser lets a click open a window for a moment only.
  if (to) await open(to, { type: WorkerClick, ...notification, navigate: to, action }).catch(() => {});
  await report(EventClicked, token, action);
}

async function open(navigate: string, message: WorkerMessage): Promise<unknown> {
  const pages = await windows();
  const there = pages.find(({ url }) => url === navigate);
  if (there && (await focused(there))) return;
  const asked = pages.map((page) => ask(page, message));
  for (const [i, page] of pages.entries()) {
    const port = await asked[i];
    if (port && (await focused(page))) return port.postMessage(true);
  }
  return worker.clients.openWindow(navigate);
}

const focused = (page: WindowClient): Promise<boolean> =>
  page.focus().then(
    () => true,
    // Without a focus the click still opens a window.
    () => false,
  );

/** A port to tell the page that the click is its own, if it takes clicks. */
const ask = (page: WindowClient, message: WorkerMessage): Promise<MessagePort | undefined> =>
  new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }) => resolve(data === true ? port1 : undefined);
    setTimeout(resolve, ClickAnswerTimeout);
    page.postMessage({ pushkit: message }, [port2]);
  });
