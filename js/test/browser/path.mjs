// The path: from a click in a stock browser to a notification on the desktop, and from a click on it back; and what each
// party says where it cannot be walked. One start of the browser serves all cases.
import { after, before, describe } from "node:test";
import { changing } from "./cases/changing.mjs";
import { clicks } from "./cases/clicks.mjs";
import { clock } from "./cases/clock.mjs";
import { delivery } from "./cases/delivery.mjs";
import { elements } from "./cases/elements.mjs";
import { elementsPath } from "./cases/elements-path.mjs";
import { interrupted } from "./cases/interrupted.mjs";
import { keys } from "./cases/keys.mjs";
import { payloads } from "./cases/payloads.mjs";
import { permission } from "./cases/permission.mjs";
import { refusals } from "./cases/refusals.mjs";
import { repair } from "./cases/repair.mjs";
import { subscribing } from "./cases/subscribing.mjs";
import { workers } from "./cases/workers.mjs";
import { addGallery } from "../elements/gallery.mjs";
import { Stage } from "../elements/stage.mjs";
import { World } from "./world.mjs";

/**
 * Registers all cases for a browser.
 *
 * @param {"firefox" | "chromium"} browser
 */
export function walkThePath(browser) {
  describe(browser, () => {
    /** @type {World} */
    let world;

    before(async () => {
      world = await World.start(browser);
    });

    after(() => world?.stop());

    const all = [subscribing, changing, elementsPath, workers, delivery, payloads, clicks, repair, keys, permission, refusals, clock, interrupted];
    for (const cases of all) cases(() => world, browser);
    elements(async () => {
      await addGallery(world.site, world.server.url);
      const origin = world.newOrigin();
      const page = await world.browser.newPage();
      return {
        stage: (query, path = "/gallery.html") => Stage.open(/** @type {any} */ (page), origin + path, query),
        close: () => page.close(),
      };
    });
  });
}
