import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { root } from "../../harness/repository.mjs";
import { within } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";
import { insecureHost } from "../world.mjs";

const index = () => readFile(join(root, "examples/plain/index.html"), "utf8");

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function refusals(theWorld, browser) {
  /**
   * Opens the page where push cannot work, and tells what status() and subscribe() say. Nobody may be asked for it.
   *
   * @param {string} reason that status() must give; without one subscribe() may wait for the person
   * @param {string} origin
   * @param {string} [path]
   */
  async function refused(reason, origin, path) {
    const world = theWorld();
    const shown = world.desktop.history.length;
    const visit = await Visit.start(world, origin, path);
    const status = await visit.status();
    assert.equal(status.reason, reason);
    // At once, since there is nobody to wait for: less than the 15 s of RequestTimeout and the 20 s of SubscribeTimeout, whose
    // end could pass for a refusal.
    const { code } = await within(visit.call("subscribe"), "end of subscribe()", 10_000);
    assert.equal(await world.browser.prompt.isOpen(), false);
    assert.equal(world.desktop.history.length, shown);
    const page = await visit.text("#advice");
    await visit.end();
    return { supported: status.supported, advice: status.advice, code, page };
  }

  test("a page that is no secure context", async () => {
    const world = theWorld();
    const { advice, page, ...said } = await refused("insecure-context", world.site.origin.replace("localhost", insecureHost));
    assert.deepEqual(said, { supported: false, code: "insecure-context" });
    assert.match(advice, /https/);
    // The page itself says where it has push.
    assert.match(page, /http:\/\/localhost is for the machine that serves/);
  });

  const hasPush = browser === "chromium" && "it has no setting that takes push away";
  test("a browser without push says so, and asks nobody", { skip: hasPush }, async () => {
    const world = theWorld();
    await world.enablePush(false);
    try {
      const { advice, page: _, ...said } = await refused("no-push-manager", world.newOrigin());
      assert.deepEqual(said, { supported: false, code: "no-push-manager" });
      assert.match(advice, /cannot receive push/);
    } finally {
      await world.enablePush(true);
    }
  });

  test("a page whose policy forbids WebAssembly is told before anyone is asked", async () => {
    const world = theWorld();
    world.site.files.set("/strict.html", {
      body: await index(),
      headers: { "Content-Security-Policy": `script-src 'self' ${world.server.url}; object-src 'none'` },
    });
    const { advice, page: _, ...said } = await refused("no-webassembly", world.newOrigin(), "/strict.html");
    assert.deepEqual(said, { supported: false, code: "no-webassembly" });
    assert.match(advice, /wasm-unsafe-eval/);
  });

  test("a policy with wasm-unsafe-eval is enough", async () => {
    const world = theWorld();
    world.site.files.set("/policy.html", {
      body: await index(),
      headers: {
        "Content-Security-Policy":
          `default-src 'none'; script-src 'self' ${world.server.url} 'wasm-unsafe-eval'; ` +
          `connect-src ${world.server.url}; style-src 'self'; img-src 'self'; worker-src 'self'`,
      },
    });
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin, "/policy.html");
    await visit.press("#subscribe");
    await visit.says("This browser is subscribed.");
    await visit.notify();
    await visit.end();
  });

  test("a blocked permission", async () => {
    const world = theWorld();
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "denied");
    const { advice, page: _, ...said } = await refused("permission-denied", origin);
    assert.deepEqual(said, { supported: true, code: "permission-denied" });
    assert.match(advice, /site settings/);
  });

  test("an origin that the server does not allow is told which setting to change", async () => {
    const world = theWorld();
    const origin = world.site.origin.replace("localhost", "stranger.localhost");
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin);
    const { code, message } = await visit.call("subscribe");
    assert.equal(code, "origin-not-allowed");
    assert.match(message ?? "", /--allowed-origins/);
    await visit.end();
  });

  test("a server that is away, until it is back", async () => {
    const world = theWorld();
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin);
    await visit.status();
    await world.server.stop();
    const { code, message } = await visit.call("subscribe");
    await world.server.open();
    assert.equal(code, "server-unreachable");
    assert.match(message ?? "", /cannot be reached/);
    // In the same page, where nothing of Go's could be loaded.
    assert.equal((await visit.call("subscribe")).status?.subscribed, true);
    await visit.end();
  });

  test("a worker file that is not there", async () => {
    const world = theWorld();
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin);
    const code = await visit.page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      pushkit.init({ server, serviceWorker: "/nowhere/sw.js" });
      return pushkit.subscribe().catch((/** @type {{code: string}} */ { code }) => code);
    }, world.server.url);
    assert.equal(code, "service-worker-failed");
    await visit.end();
  });

  test("a worker of the site's own that lacks our line is named, and the line with it", async () => {
    const world = theWorld();
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    world.site.files.set("/own-sw.js", { body: "// Nothing of pushkit." });
    const visit = await Visit.start(world, origin);
    const { code, message } = await visit.page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      pushkit.init({ server, serviceWorker: "/own-sw.js" });
      return pushkit.subscribe().catch((/** @type {{code: string, message: string}} */ { code, message }) => ({ code, message }));
    }, world.server.url);
    assert.equal(code, "foreign-service-worker");
    assert.ok(message.includes(`importScripts("${world.server.url}/pushkit-sw.js")`), message);
    await visit.end();
  });

  test("options of a wrong type, and subscribe() before init()", async () => {
    const world = theWorld();
    world.site.files.set("/bare.html", { body: "<!doctype html><title>bare</title>" });
    const page = await world.browser.newPage(`${world.newOrigin()}/bare.html`);
    const codes = await page.evaluate(async (server) => {
      const { pushkit } = await import(`${server}/pushkit.js`);
      const codes = [(await pushkit.status()).reason];
      const bad = [undefined, {}, { server: 1 }, { server: "push" }, { server, serviceWorker: "https://elsewhere.example/sw.js" }];
      for (const attempt of [() => pushkit.subscribe(), ...bad.map((options) => async () => pushkit.init(options))]) {
        await attempt().then(
          () => codes.push("nothing"),
          (/** @type {{code: string}} */ { code }) => codes.push(code),
        );
      }
      return codes;
    }, world.server.url);
    assert.deepEqual(codes, ["not-initialized", "not-initialized", ...Array(5).fill("invalid-option")]);
    await page.close();
  });
}
