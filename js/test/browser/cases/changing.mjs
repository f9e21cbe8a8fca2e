import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { userToken } from "../usertoken.mjs";
import { Visit } from "../visit.mjs";

/** @param {() => import("../world.mjs").World} theWorld */
export function changing(theWorld) {
  /** What the server has of a subscription. @param {string} id */
  const stored = async (id) => {
    const { body } = await theWorld().server.api("GET", "/v1/subscriptions?limit=1000");
    return body.data.find((/** @type {{id: string}} */ subscription) => subscription.id === id);
  };

  /** Makes a call of pushkit.channels. @param {Visit} visit @param {"add" | "remove" | "set"} method @param {unknown[]} args */
  const channels = (visit, method, ...args) =>
    visit.page.evaluate(
      async (server, method, args) => {
        const { pushkit } = await import(`${server}/pushkit.js`);
        return pushkit.channels[method](...args).then(
          (/** @type {{channels: string[]}} */ status) => status.channels,
          (/** @type {{code: string}} */ { code }) => code,
        );
      },
      visit.server,
      method,
      args,
    );

  /** @param {Visit} visit */
  const listed = (visit) =>
    visit.page.evaluate(async (server) => (await import(`${server}/pushkit.js`)).pushkit.channels.list(), visit.server);

  test("channels are added, removed and replaced, and the server has the same", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id } = await visit.status();
    for (const { change, want } of /** @type {const} */ ([
      { change: ["set", ["news", "sport"]], want: ["news", "sport"] },
      { change: ["add", "weather", "news"], want: ["news", "sport", "weather"] },
      { change: ["remove", "news", "nosuch"], want: ["sport", "weather"] },
      { change: ["set", []], want: [] },
    ])) {
      const [method, ...args] = change;
      assert.deepEqual(await channels(visit, method, ...args), want);
      assert.deepEqual(await listed(visit), want);
      assert.deepEqual((await stored(id)).channels, want);
    }
    assert.equal(await channels(visit, "set", "news"), "invalid-option");
    assert.equal(await channels(visit, "add", ["news"]), "invalid-option");
    await visit.end();
  });

  test("unsubscribe() and forget() take the number from the app's icon, which no push would change any more", async () => {
    const visit = await Visit.subscribed(theWorld());
    // No browser here has an installed app, and Firefox no badges.
    await visit.page.evaluate(() => {
      const page = Object.assign(window, { cleared: 0 });
      const clearAppBadge = () => (page.cleared++, Promise.reject(new DOMException("", "NotAllowedError")));
      Object.defineProperty(navigator, "clearAppBadge", { value: clearAppBadge });
    });
    const cleared = () => visit.page.evaluate(() => /** @type {any} */ (window).cleared);
    await visit.call("sync");
    assert.equal(await cleared(), 0);
    await visit.call("unsubscribe");
    assert.equal(await cleared(), 1);
    await visit.call("forget");
    assert.equal(await cleared(), 2);
    await visit.end();
  });

  test("channels of who is not subscribed are none, and a change is not-subscribed", async () => {
    const world = theWorld();
    const visit = await Visit.blank(world, world.newOrigin());
    assert.deepEqual(await listed(visit), []);
    assert.equal(await channels(visit, "add", "news"), "not-subscribed");
    assert.equal((await visit.status()).subscribed, false);
    await visit.end();
  });

  test("channels that were changed while the server was away are told at the next page", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id } = await visit.status();
    await world.server.stop();
    assert.equal(await channels(visit, "add", "news"), "server-unreachable");
    assert.equal((await visit.status()).subscribed, true);
    await world.server.open();
    await visit.end();
    const again = await Visit.start(world, visit.origin);
    await until(async () => (await stored(id)).channels.includes("news"), "channel on the server");
    await again.end();
  });

  test("identify() says whose the subscription is, by a token of the site's back end", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id } = await visit.status();
    const token = userToken(world, visit.origin, "u1");
    for (const [given, code] of /** @type {const} */ ([[token, undefined], [`${token}x`, "invalid-user-token"], ["", "invalid-option"]])) {
      assert.equal((await visit.call("identify", given)).code, code);
    }
    assert.equal((await stored(id)).user, "u1");
    await visit.end();
  });

  test("forget() leaves nothing in the browser and nothing on the server", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { id, endpoint } = await visit.status();
    await visit.page.evaluate(() => localStorage.setItem("pushkit:prompt", "{}"));
    await visit.call("forget");
    await visit.says("This browser is not subscribed.");
    assert.equal(await stored(id), undefined);
    await world.emulator.ended(endpoint);
    const left = await visit.page.evaluate(async () => [
      ...(await indexedDB.databases()).map(({ name }) => name),
      ...Object.keys(localStorage),
      ...Object.keys(sessionStorage),
    ]);
    assert.deepEqual(left, []);
    await visit.end();
  });
}
