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
      if (!scroll) return done();
      const page = document.documentElement;
      const check = (): void => {
        if (scrolled(scrollY, innerHeight, page.scrollHeight) >= scroll) done();
      };
      // A page that changes its size may have nothing left to scroll.
      const sizes = new ResizeObserver(check);
      signal.addEventListener("abort", () => sizes.disconnect());
      const watch = (): void => {
        sizes.observe(page);
        addEventListener("scroll", check, { passive: true, signal });
      };
      // Before it is all there, it has not yet what there is to scroll.
      if (document.readyState === "complete") watch();
      else addEventListener("load", watch, { once: true, signal });
    }),
    until((done) => {
      if (!event) return done();
      document.addEventListener(event, done, { once: true, signal });
    }),
  ]);
}
