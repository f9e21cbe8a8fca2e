import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { userToken } from "../usertoken.mjs";
import { Visit } from "../visit.mjs";

/** @param {() => import("../world.mjs").World} theWorld */
export function closing(theWorld) {
  /** A subscriber who is known by a name, and has read something elsewhere. */
  async function known() {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const user = `user of ${visit.origin}`;
    assert.equal((await visit.call("identify", userToken(world, visit.origin, user))).code, undefined);
    /** @param {string[]} tags */
    const read = async (...tags) => {
      const { status, body } = await world.server.api("POST", `/v1/users/${encodeURIComponent(user)}/close`, { tags });
      assert.deepEqual([status, body], [200, { subscriptions: 1 }]);
    };
    /** @param {Visit} visit */
    const tags = async (visit) => (await visit.notifications()).map(({ tag }) => tag).sort();
    return { world, visit, read, tags };
  }

  test("what was read elsewhere is closed by the next message, once that is shown, and by no push of its own", async () => {
    const { world, visit, read, tags } = await known();
    const first = await visit.notify({ tag: "chat-42" });
    await visit.notify({ tag: "chat-43" });
    await read("chat-42", "chat-44");
    assert.deepEqual(await tags(visit), ["chat-42", "chat-43"]);
    const next = await visit.notify({ tag: "news" });
    await until(async () => (await tags(visit)).join() === "chat-43,news", "notification to be closed");
    // Nobody has closed it here.
    await world.counted(next.sent.id, { displayed: 1 });
    await world.counted(first.sent.id, { displayed: 1, closed: 0, clicked: 0 });
    // It rode once: what is shown under the tag from now on stays.
    await visit.notify({ tag: "chat-42" });
    await visit.notify({ tag: "last" });
    await until(async () => (await tags(visit)).join() === "chat-42,chat-43,last,news", "all other notifications");
    await visit.end();
  });

  test("a message closes the tags that it names, and never what it shows itself", async () => {
    const { visit, tags } = await known();
    await visit.notify({ tag: "chat-1" });
    await visit.notify({ tag: "chat-2" });
    await visit.notify({ tag: "chat-3" }, { close: ["chat-1", "chat-3"] });
    await until(async () => (await tags(visit)).join() === "chat-2,chat-3", "notification to be closed");
    await visit.end();
  });

  test("what was read elsewhere is closed at the next page load, which loads no WebAssembly for it", async () => {
    const { visit, read, tags, world } = await known();
    await visit.notify({ tag: "chat-42" });
    await visit.notify({ tag: "chat-43" });
    await read("chat-42");
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    await until(async () => (await tags(again)).join() === "chat-43", "notification to be closed");
    assert.equal(await again.loadedWebAssembly(), false);
    await again.end();
  });
}
