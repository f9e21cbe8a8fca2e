// The path: from a click in stock Firefox to a notification on the desktop, and from a click on it back; and what each
// party says where it cannot be walked. One start of the browser serves all cases.
import { after, before } from "node:test";
import { clicks } from "./cases/clicks.mjs";
import { delivery } from "./cases/delivery.mjs";
import { refusals } from "./cases/refusals.mjs";
import { repair } from "./cases/repair.mjs";
import { subscribing } from "./cases/subscribing.mjs";
import { workers } from "./cases/workers.mjs";
import { World } from "./world.mjs";

/** @type {World} */
let world;

before(async () => {
  world = await World.start();
});

after(() => world?.stop());

for (const cases of [subscribing, workers, delivery, clicks, repair, refusals]) cases(() => world);
