// The examples that a bundler makes, of the npm package: the way of a push, from the click that subscribes to the click on
// what was shown, as on a site that somebody made of them. make examples builds them.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdir, readFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { test } from "node:test";
import { temporaryFolder } from "../../harness/program.mjs";
import { root } from "../../harness/repository.mjs";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/** @typedef {import("../world.mjs").World} World */

/**
 * Serves an example as it was built, in a folder of the world's site.
 *
 * @param {World} world
 * @param {"react" | "workbox" | "vite-pwa"} example
 * @returns {Promise<() => void>} takes it away again
 */
async function serve({ site }, example) {
  const dist = join(root, "examples", example, "dist");
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  /** @type {string[]} */
  const paths = [];
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const file = join(entry.parentPath, entry.name);
    const path = `/${example}/${relative(dist, file)}`;
    site.files.set(path, { body: await readFile(file) });
    paths.push(path);
  }
  return () => paths.forEach((path) => site.files.delete(path));
}

/**
 * Subscribes by the example's button, and tells the id of the subscription: the one that is new.
 *
 * @param {Visit} visit
 */
async function subscribe(visit) {
  const before = new Set(await visit.world.subscriptions());
  await visit.says("This browser is not subscribed.");
  await visit.press("#subscribe");
  await visit.says("This browser is subscribed.");
  const added = (await visit.world.subscriptions()).filter((/** @type {string} */ id) => !before.has(id));
  assert.equal(added.length, 1);
  return added[0];
}

/**
 * Sends a story and awaits that it is on the desktop.
 *
 * @param {Visit} visit
 * @param {string} id
 * @param {string} story
 */
async function notify(visit, id, story) {
  const navigate = new URL(`?story=${story}`, await visit.page.url()).href;
  const { id: message } = await visit.world.server.send({ notification: { title: story, navigate }, audience: { subscriptions: [id] } });
  const shown = await visit.world.desktop.notification(({ summary }) => summary === story);
  return { message, shown };
}

/**
 * Clicks what is on the desktop, and awaits that the page follows without a load.
 *
 * @param {Visit} visit
 * @param {Awaited<ReturnType<typeof notify>>} notified
 * @param {string} selector of where the page tells the story
 */
async function follow(visit, { message, shown }, selector) {
  const story = shown.summary;
  await visit.page.evaluate(() => void Object.assign(window, { loaded: true }));
  await visit.world.desktop.click(shown);
  await until(async () => (await visit.text(selector)) === story, `${story} on the page`);
  assert.equal(await visit.page.evaluate(() => "loaded" in window), true, "the page was loaded anew");
  await visit.world.counted(message, { displayed: 1, clicked: 1 });
}

/** @param {() => World} theWorld */
export function examples(theWorld) {
  test("an app of React and Vite subscribes, shows its preferences and follows a click without a load", async () => {
    const world = theWorld();
    const remove = await serve(world, "react");
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin, "/react/");
    const id = await subscribe(visit);
    await until(() => visit.page.evaluate(() => !!document.querySelector("pushkit-preferences[state=subscribed]")), "preferences");
    await follow(visit, await notify(visit, id, `React-${crypto.randomUUID()}`), "#address");
    await visit.end();
    remove();
  });

  test("the package of an app of React and Vite tells that the server is away, and finds it when it is back", async () => {
    const world = theWorld();
    const remove = await serve(world, "react");
    const origin = world.newOrigin();
    await world.browser.setPermission(origin, "granted");
    const visit = await Visit.start(world, origin, "/react/");
    await visit.says("This browser is not subscribed.");
    await world.server.stop();
    try {
      await visit.press("#subscribe");
      await until(() => visit.page.evaluate(() => !!document.querySelector("[role=alert]")?.textContent?.includes("cannot be reached")), "advice");
    } finally {
      await world.server.open();
    }
    await subscribe(visit);
    await visit.end();
    remove();
  });

  for (const [example, worker] of /** @type {const} */ ([["workbox", "Workbox's worker"], ["vite-pwa", "the worker that vite-plugin-pwa generates"]])) {
    test(`${worker} with ours shows a push, and still serves the site without a network`, async () => {
      const world = theWorld();
      const remove = await serve(world, example);
      const origin = world.newOrigin();
      await world.browser.setPermission(origin, "granted");
      const visit = await Visit.start(world, origin, `/${example}/`);
      const id = await subscribe(visit);
      await follow(visit, await notify(visit, id, `${example}-${crypto.randomUUID()}`), "#story");
      await until(() => visit.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), "worker");
      remove();
      // Not even the site's own server has it now.
      assert.equal((await fetch(`${world.site.origin}/${example}/`)).status, 404);
      await visit.page.goto(`${origin}/${example}/?story=offline`);
      await visit.says("This browser is subscribed.");
      assert.equal(await visit.text("#story"), "offline");
      await follow(visit, await notify(visit, id, `${example}-${crypto.randomUUID()}`), "#story");
      await visit.end();
    });
  }

  test("a Go program of ten lines subscribes without our loader, and what is sent is shown", async () => {
    const world = theWorld();
    const built = join(temporaryFolder("go"), "main.wasm");
    const env = { ...process.env, GOOS: "js", GOARCH: "wasm" };
    execFileSync("go", ["build", "-ldflags", "-s -w", "-o", built, "./examples/go"], { cwd: root, env });
    const goroot = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
    const files = { "main.wasm": built, "wasm_exec.js": join(goroot, "lib/wasm/wasm_exec.js") };
    for (const [name, file] of Object.entries(files)) world.site.files.set(`/go/${name}`, { body: await readFile(file) });
    for (const name of ["index.html", "app.js", "pushkit-sw.js"]) {
      world.site.files.set(`/go/${name}`, { body: await readFile(join(root, "examples/go", name)) });
    }
    const origin = world.newOrigin();
    const visit = await Visit.start(world, origin, "/go/");
    await visit.says("This browser is not subscribed.");
    const before = new Set(await world.subscriptions());
    await visit.press("#subscribe");
    await world.browser.prompt.allow();
    await visit.says("This browser is subscribed.");
    const [id, ...more] = (await world.subscriptions()).filter((/** @type {string} */ id) => !before.has(id));
    assert.ok(id);
    assert.deepEqual(more, []);
    await notify(visit, id, `Go-${crypto.randomUUID()}`);
    await visit.end();
  });
}
