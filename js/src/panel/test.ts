import type { Pushkit } from "../pushkit";
import { PathSubscriptionsTest, PushNotShown, TestTag, type Problem, type TestRequest, type TestResponse } from "../wire.gen";
import { texts } from "./texts";

/** How long a test that the push service took may take to be shown, in ms. */
const patience = 10_000;

/** How long the server may take, in ms: longer than it waits for the push service. */
const serverPatience = 20_000;

/** How a test ended; `look` says whether to look at the system's settings. */
interface TestOutcome {
  text: string;
  look: boolean;
}

/** Sends this browser a test message and tells how that ended. Never rejects. `say` is told how far it is. */
export async function test(pushkit: Pushkit, server: string, say: (text: string) => void): Promise<TestOutcome> {
  const failed = (...sentences: (string | undefined)[]): TestOutcome => ({ text: sentences.filter(Boolean).join(" "), look: false });
  const began = Date.now();
  const listening = new AbortController();
  const shown = new Promise<boolean>((resolve) => {
    pushkit.addEventListener("message", ({ detail }) => detail.tag === TestTag && resolve(true), { signal: listening.signal });
  });
  try {
    say(texts.sending);
    const { endpoint = "" } = await pushkit.status();
    const response = await fetch(server + PathSubscriptionsTest, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ endpoint } satisfies TestRequest),
      signal: AbortSignal.timeout(serverPatience),
    });
    if (!response.ok) return failed(((await response.json()) as Problem).detail);
    const { state, pushService, status, reason, meaning, advice }: TestResponse = await response.json();
    if (state !== "accepted") return failed(`${pushService}: ${state}.`, status ? `${status} ${reason ?? ""}.` : reason, meaning, advice);
    say(texts.waiting);
    if (await Promise.race([shown, new Promise((resolve) => setTimeout(resolve, patience))])) return { text: texts.shown, look: true };
    const { lastPush } = await pushkit.debug();
    if (lastPush && lastPush.at >= began && lastPush.outcome === PushNotShown) return failed(texts.arrived + lastPush.error);
    return { text: texts.notShown, look: true };
  } catch {
    return failed(texts.unreachable);
  } finally {
    listening.abort();
  }
}
