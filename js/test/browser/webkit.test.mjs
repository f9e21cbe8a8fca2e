// Safari's engine, WebKitGTK: what a person is told where there is no push; that loader, WebAssembly and worker run there;
// and, with a push service and push events that the tests make, how a message is shown, clicked and counted. Notifications,
// permission and clicks are the engine's own.
import { after, before, describe } from "node:test";
import { addGallery } from "../elements/gallery.mjs";
import { Stage } from "../elements/stage.mjs";
import { elements } from "./cases/elements.mjs";
import { elementsAdapt } from "./cases/elements-adapt.mjs";
import { permission } from "./cases/webkit-permission.mjs";
import { showing } from "./cases/webkit-showing.mjs";
import { withoutPush } from "./cases/webkit-without-push.mjs";
import { WebKitWorld } from "./cases/webkit-world.mjs";

for (const { name, features, suites } of [
  { name: "WebKit without push", features: [], suites: [withoutPush] },
  { name: "WebKit with the push interfaces", features: ["PushAPI", "AppBadge"], suites: [permission, showing] },
]) {
  describe(name, () => {
    /** @type {WebKitWorld} */
    let world;

    before(async () => {
      world = await WebKitWorld.start(features);
    });

    after(() => world?.stop());

    for (const cases of suites) cases(() => world);

    if (features.length > 0) {
      const open = async () => {
        await addGallery(world.site, world.server.url);
        const origin = world.newOrigin();
        const page = await world.webkit.newPage(`${origin}/bare.html`);
        return {
          stage: (/** @type {Record<string, string>} */ query, path = "/gallery.html") => Stage.open(/** @type {any} */ (page), origin + path, query),
          close: () => page.close(),
        };
      };
      elements(open);
      elementsAdapt(open, "WebKitGTK takes it from the desktop alone");
    }
  });
}
