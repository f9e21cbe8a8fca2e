// What of the npm package comes into a site's bundle, by the Vite of examples/react.
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { temporaryFolder } from "../harness/program.mjs";
import { root } from "../harness/repository.mjs";

/** @typedef {{fileName: string, code: string, isEntry: boolean}} Chunk */

/** @type {string} */
let folder;
/** @type {(options: object) => Promise<any>} */
let build;

before(async () => {
  folder = temporaryFolder("bundling");
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(root, "build/npm"), join(folder, "node_modules/pushkit"));
  ({ build } = await import(pathToFileURL(join(root, "examples/react/node_modules/vite/dist/node/index.js")).href));
});

/**
 * Bundles a site of one module, and tells the entry and what is loaded on demand.
 *
 * @param {string} text of the module
 */
async function bundle(text) {
  writeFileSync(join(folder, "site.js"), text);
  const { output } = await build({
    root: folder, configFile: false, logLevel: "error",
    build: { write: false, modulePreload: false, rollupOptions: { input: join(folder, "site.js") } },
  });
  /** @type {Chunk[]} */
  const chunks = output;
  const entry = chunks.find(({ isEntry }) => isEntry);
  assert.ok(entry);
  return { entry: entry.code, others: chunks.filter((chunk) => chunk !== entry).map(({ fileName }) => fileName) };
}

describe("a site's bundle", () => {
  test("has nothing of what it imports and does not use", async () => {
    const { entry, others } = await bundle(`
      import { pushkit, PushkitError } from "pushkit";
      import de from "pushkit/elements/de";
      console.log("site");
    `);
    assert.ok(entry.length < 100, entry);
    assert.deepEqual(others, []);
  });

  test("has the loader without the elements, which are loaded by the first prompt", async () => {
    const { entry, others } = await bundle(`
      import { pushkit } from "pushkit";
      pushkit.init({ server: "https://push.example.com" });
    `);
    assert.ok(entry.length < 11_000, `${entry.length} characters`);
    assert.doesNotMatch(entry, /attachShadow/);
    assert.equal(others.filter((name) => /elements/.test(name)).length, 1);
  });

  test("has the elements where they are imported for their tags alone, and each language apart", async () => {
    const { entry, others } = await bundle(`import "pushkit/elements";`);
    assert.match(entry, /pushkit-preferences/);
    assert.doesNotMatch(entry, /Benachrichtigungen/);
    assert.deepEqual(others.map((name) => name.match(/\b([a-z]+)-/)?.[1]).sort(), ["ar", "de", "debug", "es", "fr", "zh"]);
  });

  test("has the service worker's part where a worker imports it", async () => {
    const { entry } = await bundle(`import "pushkit/sw";`);
    assert.match(entry, /notificationclick/);
  });
});
