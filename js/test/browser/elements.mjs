// The elements: each in each of its states, and what a person does with them on the way that push goes. In files of their
// own, so that they run beside the path.
import { addGallery } from "../elements/gallery.mjs";
import { Stage } from "../elements/stage.mjs";
import { elements } from "./cases/elements.mjs";
import { elementsAdapt } from "./cases/elements-adapt.mjs";
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
    const open = async () => {
      const world = theWorld();
      await addGallery(world.site, world.server.url);
      const origin = world.newOrigin();
      const page = /** @type {any} */ (await world.browser.newPage());
      return {
        stage: (/** @type {Record<string, string>} */ query, path = "/gallery.html") => Stage.open(page, origin + path, query),
        emulateMedia: (/** @type {object} */ media) => (browser === "chromium" ? page : world.browser).emulateMedia(media),
        close: () => page.close(),
      };
    };
    elements(open);
    elementsAdapt(open);
  });
}
