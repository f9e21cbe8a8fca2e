import { scrolled, type Rules } from "./rules";

/** Awaits time, scrolling and event of the rules. Never settles once signal is aborted. */
export async function conditions({ seconds = 0, scroll = 0, event }: Rules, signal: AbortSignal): Promise<void> {
  const until = (hold: (done: () => void) => void): Promise<void> => new Promise(hold);
  await Promise.all([
    until((done) => {
      if (!seconds) return done();
      const timer = setTimeout(done, seconds * 1000);
      signal.addEventListener("abort", () => clearTimeout(timer));
    }),
    until((done) => {
      const check = (): void => {
        if (scrolled(scrollY, innerHeight, document.documentElement.scrollHeight) >= scroll) done();
      };
      if (!scroll) return done();
      check();
      addEventListener("scroll", check, { passive: true, signal });
    }),
    until((done) => {
      if (!event) return done();
      document.addEventListener(event, done, { once: true, signal });
    }),
  ]);
}
