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
/** @typedef {"react" | "workbox" | "vite-pwa"} Example */

/**
 * Serves an example as it was built, at a new origin of a person who allows notifications, or is still to be asked.
 *
 * @param {World} world
 * @param {Example} example
 * @param {{asks?: boolean}} [options]
 */
async function serve(world, example, { asks = false } = {}) {
  const origin = world.newOrigin();
  const dist = join(root, "examples", example, "dist");
  const entries = await readdir(dist, { recursive: true, withFileTypes: true });
  /** @type {Map<string, import("../../harness/site.mjs").File>} */
  const files = new Map();
  for (const entry of entries.filter((entry) => entry.isFile())) {
    const file = join(entry.parentPath, entry.name);
    files.set(`/${relative(dist, file)}`, { body: await readFile(file) });
  }
  world.site.apps.set(new URL(origin).host, files);
  if (!asks) await world.browser.setPermission(origin, "granted");
  return { origin, files };
}

/**
 * Puts another build of an example in the place of the one that is served.
 *
 * @param {Awaited<ReturnType<typeof serve>>["files"]} files
 */
function rebuild(files) {
  for (const [path, from, to] of /** @type {const} */ ([
    ["/index.html", /<h1>.*<\/h1>/, "<h1>Another build</h1>"],
    // By its revision the worker knows a file that has changed.
    ["/sw.js", /(index\.html\W+revision\W+)\w+/, "$1another"],
  ])) {
    const body = String(files.get(path)?.body);
    assert.match(body, from);
    files.set(path, { body: body.replace(from, to) });
  }
}

/**
 * Awaits that the page is of the other build.
 *
 * @param {Visit} visit
 */
async function isRebuilt(visit) {
  await until(() => visit.text("h1").then((text) => text === "Another build", () => false), "the other build");
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
 * Ends the subscription by the example's button.
 *
 * @param {Visit} visit
 * @param {string} id
 */
async function unsubscribe(visit, id) {
  await visit.press("#unsubscribe");
  await visit.says("This browser is not subscribed.");
  assert.equal((await visit.world.subscriptions()).includes(id), false);
}

/**
 * Sends a message that leads to a story, unless it is to lead elsewhere, and awaits that it is on the desktop.
 *
 * @param {Visit} visit
 * @param {string} id
 * @param {string} [navigate]
 */
async function notify(visit, id, navigate) {
  const story = crypto.randomUUID();
  const notification = { title: story, navigate: navigate ?? `${visit.origin}/stories/${story}` };
  const { id: message } = await visit.world.server.send({ notification, audience: { subscriptions: [id] } });
  const shown = await visit.world.desktop.notification(({ summary }) => summary === story);
  return { message, shown };
}

/**
 * Clicks what is on the desktop, and awaits that the page follows without a load.
 *
 * @param {Visit} visit
 * @param {Awaited<ReturnType<typeof notify>>} notified
 */
async function follow(visit, { message, shown }) {
  await visit.page.evaluate(() => void Object.assign(window, { loaded: true }));
  await visit.world.desktop.click(shown);
  await tells(visit, `Story ${shown.summary}`);
  assert.equal(await visit.page.evaluate(() => "loaded" in window), true, "the page was loaded anew");
  await visit.world.counted(message, { displayed: 1, clicked: 1 });
}

/**
 * Awaits what the page tells of a story.
 *
 * @param {Visit} visit
 * @param {string} story
 */
async function tells(visit, story) {
  // A page that is on its way has no such element.
  await until(() => visit.text("#story").then((text) => text === story, () => false), `${story} on the page`);
}

/** @param {() => World} theWorld */
export function examples(theWorld) {
  test("an app of React and Vite subscribes, shows its preferences and follows a click without a load", async () => {
    const { origin } = await serve(theWorld(), "react");
    const visit = await Visit.start(theWorld(), origin);
    const id = await subscribe(visit);
    await until(() => visit.page.evaluate(() => !!document.querySelector("pushkit-preferences[state=subscribed]")), "preferences");
    await follow(visit, await notify(visit, id));
    await visit.end();
  });

  test("the package of an app of React and Vite tells that the server is away, and finds it when it is back", async () => {
    const world = theWorld();
    const { origin } = await serve(world, "react");
    const visit = await Visit.start(world, origin);
    await visit.says("This browser is not subscribed.");
    await world.server.stop();
    try {
      await visit.press("#subscribe");
      const told = "The server cannot be reached";
      await until(() => visit.page.evaluate((told) => !!document.querySelector("[role=alert]")?.textContent?.startsWith(told), told), "advice");
    } finally {
      await world.server.open();
    }
    await subscribe(visit);
    await visit.end();
  });

  for (const [example, worker] of /** @type {const} */ ([["workbox", "Workbox's worker"], ["vite-pwa", "the worker that vite-plugin-pwa generates"]])) {
    test(`${worker} with ours shows a push, and still serves the site without a network`, async () => {
      const { origin, files } = await serve(theWorld(), example);
      const visit = await Visit.start(theWorld(), origin);
      const id = await subscribe(visit);
      await follow(visit, await notify(visit, id));
      await until(() => visit.page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.active?.state === "activated"), "worker");
      // Not even the site's own server has it now.
      files.clear();
      await visit.page.goto(`${origin}/stories/offline`);
      await visit.says("This browser is subscribed.");
      await tells(visit, "Story offline");
      await follow(visit, await notify(visit, id));
      await visit.end();
    });

    test(`${worker} leaves its place to that of another build at the next load, whose page is shown`, async () => {
      const { origin, files } = await serve(theWorld(), example);
      const visit = await Visit.start(theWorld(), origin);
      const id = await subscribe(visit);
      await until(() => visit.page.evaluate(() => !!navigator.serviceWorker.controller), "worker that serves the page");
      rebuild(files);
      await visit.page.reload();
      await isRebuilt(visit);
      await visit.says("This browser is subscribed.");
      await follow(visit, await notify(visit, id));
      await visit.end();
    });

    test(`another build than ${worker}, found at a first visit while the browser asks, loads the page anew after the answer`, async () => {
      const world = theWorld();
      const { origin, files } = await serve(world, example, { asks: true });
      const visit = await Visit.start(world, origin);
      await visit.says("This browser is not subscribed.");
      await until(() => visit.page.evaluate(() => navigator.serviceWorker.controller?.state === "activated"), "worker that serves the page");
      await visit.press("#subscribe");
      await until(() => world.browser.prompt.isOpen(), "the browser's question");
      rebuild(files);
      await visit.page.evaluate(async () => {
        const former = navigator.serviceWorker.controller;
        Object.assign(window, { isAnother: () => navigator.serviceWorker.controller !== former && navigator.serviceWorker.controller?.state === "activated" });
        await (await navigator.serviceWorker.getRegistration())?.update();
      });
      await until(() => visit.page.evaluate(() => /** @type {any} */ (window).isAnother()), "the other worker, for the page as it was");
      await world.browser.prompt.allow();
      await isRebuilt(visit);
      await visit.says("This browser is subscribed.");
      await visit.end();
    });
  }

  for (const example of /** @type {const} */ (["react", "workbox", "vite-pwa"])) {
    test(`a question that is answered with Block is told once in the example ${example}`, async () => {
      const world = theWorld();
      const { origin } = await serve(world, example, { asks: true });
      const visit = await Visit.start(world, origin);
      await visit.says("This browser is not subscribed.");
      await visit.press("#subscribe");
      await world.browser.prompt.deny();
      await until(async () => /site settings/.test(await visit.text("#status")), "advice");
      // What the page tells of the failure comes after the advice, or before.
      await visit.looked();
      assert.equal((await visit.text("main")).match(/site settings/g)?.length, 1);
      await visit.end();
    });

    test(`a click opens a deep address of the example ${example}, one of another origin leaves its page, and a button unsubscribes`, async () => {
      const world = theWorld();
      const { origin } = await serve(world, example);
      const visit = await Visit.start(world, origin);
      const id = await subscribe(visit);
      const elsewhere = `${world.newOrigin()}/`;
      const left = await notify(visit, id, elsewhere);
      await world.desktop.click(left.shown);
      await until(async () => (await visit.page.url()) === elsewhere, "the other origin");
      await world.counted(left.message, { clicked: 1 });
      // No page of the example is open now.
      const { shown } = await notify(visit, id);
      await world.desktop.click(shown);
      const address = `${origin}/stories/${shown.summary}`;
      const opened = await until(async () => (await world.browser.pages()).find((page) => page.url() === address), "the page of the story");
      const deep = new Visit(world, opened, origin);
      await tells(deep, `Story ${shown.summary}`);
      await deep.says("This browser is subscribed.");
      await unsubscribe(deep, id);
      await opened.close();
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
    await notify(visit, id);
    await visit.end();
  });
}
