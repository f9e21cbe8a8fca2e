/// <reference path="../js/src/build.d.ts" />
import { WorkerChange, WorkerCheck, WorkerPing, WorkerPong, type WorkerMessage } from "../js/src/wire.gen";
import { fetchClosings } from "./close";
import { flush } from "./outbox";
import { windows } from "./scope";

/** Tells all open windows but one. */
export async function tellPages(message: WorkerMessage, except?: string): Promise<void> {
  for (const page of await windows()) {
    if (page.id !== except) page.postMessage({ pushkit: message });
  }
}

/** Takes what a page says to the worker; undefined where that is nothing of ours. */
export function answer({ data, ports, source }: ExtendableMessageEvent): Promise<unknown> | undefined {
  switch (data?.pushkit?.type) {
    case WorkerPing:
      ports[0]?.postMessage({ pushkit: { type: WorkerPong, version: PUSHKIT_VERSION } });
      // A page is there, so the network may be too.
      return flush();
    case WorkerCheck:
      return fetchClosings();
    case WorkerChange:
      return tellPages({ type: WorkerChange }, (source as Client | null)?.id);
  }
  return undefined;
}
