// The elements: each in each of its states, and what a person does with them on the way that push goes. In files of their
// own, so that they run beside the path.
import { addGallery } from "../elements/gallery.mjs";
import { Stage } from "../elements/stage.mjs";
import { elements } from "./cases/elements.mjs";
import { elementsPath } from "./cases/elements-path.mjs";
import { inAWorld } from "./world.mjs";

/**
 * Registers all cases of the elements for a browser.
 *
 * @param {"firefox" | "chromium"} browser
 */
export function tryTheElements(browser) {
  inAWorld(browser, (theWorld) => {
    elementsPath(theWorld);
    elements(async () => {
      const world = theWorld();
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
