// The elements: each in each of its states, and what a person does with them on the way that push goes. In files of their
// own, so that they run beside the path.
import { after, before, describe } from "node:test";
import { addGallery } from "../elements/gallery.mjs";
import { Stage } from "../elements/stage.mjs";
import { elements } from "./cases/elements.mjs";
import { elementsPath } from "./cases/elements-path.mjs";
import { World } from "./world.mjs";

/**
 * Registers all cases of the elements for a browser.
 *
 * @param {"firefox" | "chromium"} browser
 */
export function tryTheElements(browser) {
  describe(browser, () => {
    /** @type {World} */
    let world;

    before(async () => {
      world = await World.start(browser);
    });

    after(() => world?.stop());

    elementsPath(() => world);
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
