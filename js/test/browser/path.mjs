// The path: from a click in a stock browser to a notification on the desktop, and from a click on it back; and what each
// party says where it cannot be walked. One start of the browser serves all cases.
import { changing } from "./cases/changing.mjs";
import { check } from "./cases/check.mjs";
import { clicks } from "./cases/clicks.mjs";
import { closing } from "./cases/closing.mjs";
import { clock } from "./cases/clock.mjs";
import { debug } from "./cases/debug.mjs";
import { delivery } from "./cases/delivery.mjs";
import { hooks } from "./cases/hooks.mjs";
import { examples } from "./cases/examples.mjs";
import { interrupted } from "./cases/interrupted.mjs";
import { keys } from "./cases/keys.mjs";
import { losing } from "./cases/losing.mjs";
import { moving } from "./cases/moving.mjs";
import { payloads } from "./cases/payloads.mjs";
import { permission } from "./cases/permission.mjs";
import { refusals } from "./cases/refusals.mjs";
import { repair } from "./cases/repair.mjs";
import { subscribing } from "./cases/subscribing.mjs";
import { workers } from "./cases/workers.mjs";
import { inAWorld } from "./world.mjs";

/**
 * Registers all cases for a browser.
 *
 * @param {"firefox" | "chromium"} browser
 */
export function walkThePath(browser) {
  inAWorld(browser, (theWorld) => {
    const all = [
      subscribing, changing, workers, delivery, payloads, clicks, closing, hooks, debug, check, repair, losing, keys, moving, permission, refusals, clock, interrupted, examples,
    ];
    for (const cases of all) cases(theWorld, browser);
  });
}
