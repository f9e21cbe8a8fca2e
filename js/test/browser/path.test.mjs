// The path: from a click in stock Firefox to a notification, and from a click on it back.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { join } from "node:path";
import { root } from "../harness/repository.mjs";
import { setup } from "../harness/setup.mjs";
import { until } from "../harness/until.mjs";
import { Visit } from "./visit.mjs";

/** @type {Awaited<ReturnType<typeof setup>>} */
let world;

before(async () => {
  world = await setup({ folder: join(root, "examples/plain") });
});

after(() => world?.stop());

test("a click, the prompt's Allow, and the server has the subscription", async () => {
  const visit = await Visit.start(world);
  await visit.page.click("#subscribe");
  await world.firefox.prompt.allow();
  await visit.says("This browser is subscribed.");
  const { body } = await world.server.api("GET", "/v1/subscriptions");
  assert.equal(body.data.length, 1);
  assert.equal((await visit.status()).id, body.data[0].id);
  await visit.end();
});
