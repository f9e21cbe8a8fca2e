// The npm package as a user gets it: packed, and installed into a project of its own.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { before, describe, test } from "node:test";
import { temporaryFolder } from "../harness/program.mjs";
import { root } from "../harness/repository.mjs";

/** The project. @type {string} */
let folder;

/**
 * Runs a program in the project and tells what it prints.
 *
 * @param {string} command
 * @param {string[]} args
 */
function run(command, ...args) {
  try {
    return execFileSync(command, args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  } catch (error) {
    const { message, stdout } = /** @type {Error & {stdout: string}} */ (error);
    throw new Error(`${message}\n${stdout}`);
  }
}

/**
 * A module's text run by Node in the project.
 *
 * @param {string} text
 */
const inNode = (text) => JSON.parse(run(process.execPath, "--input-type=module", "--eval", text));

before(() => {
  folder = temporaryFolder("package");
  const [packed] = JSON.parse(run("npm", "pack", "--json", "--pack-destination", folder, join(root, "build/npm")));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ name: "site", private: true, type: "module" }));
  run("npm", "install", "--offline", "--no-audit", "--no-fund", join(folder, packed.filename));
});

describe("the package", () => {
  test("can be imported where no window is", () => {
    const seen = inNode(`
      const modules = ["pushkit", "pushkit/elements", "pushkit/elements/en", "pushkit/elements/ar"];
      const exported = {};
      for (const name of modules) exported[name] = Object.keys(await import(name)).sort();
      console.log(JSON.stringify({ exported, made: ["window", "document", "customElements"].filter((name) => name in globalThis) }));
    `);
    assert.deepEqual(seen, {
      exported: {
        pushkit: ["PushkitError", "pushkit"],
        "pushkit/elements": ["prompt", "replaceTexts"],
        "pushkit/elements/en": ["default"],
        "pushkit/elements/ar": ["default"],
      },
      made: [],
    });
  });

  test("does nothing and throws nothing while Node renders a page", () => {
    const seen = inNode(`
      const { pushkit, PushkitError } = await import("pushkit");
      const { replaceTexts } = await import("pushkit/elements");
      await import("pushkit/check");
      replaceTexts({ subscribe: "Tell me" });
      pushkit.init({ server: "https://push.example.com" });
      const status = await pushkit.status();
      const refused = await pushkit.subscribe().catch((error) => error instanceof PushkitError);
      console.log(JSON.stringify({ ...status, refused }));
    `);
    assert.deepEqual(seen, {
      supported: false, reason: "not-initialized", advice: "", permission: "default", subscribed: false, channels: [], refused: true,
    });
  });

  for (const resolution of ["Bundler", "NodeNext"]) {
    test(`has the types of all that it exports, with module resolution ${resolution}`, () => {
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({
        compilerOptions: {
          module: resolution === "Bundler" ? "ESNext" : "NodeNext", moduleResolution: resolution,
          target: "ES2022", lib: ["ES2023", "DOM", "DOM.Iterable"], types: [], strict: true, exactOptionalPropertyTypes: true, noEmit: true,
        },
        files: ["site.ts"],
      }));
      writeFileSync(join(folder, "site.ts"), `
        import { pushkit, PushkitError, type Outcome, type Status } from "pushkit";
        import { prompt, replaceTexts } from "pushkit/elements";
        import de from "pushkit/elements/de";
        import "pushkit/check";
        import "pushkit/sw";
        pushkit.init({ server: "https://push.example.com" });
        const status: Promise<Status> = pushkit.subscribe({ channels: ["news"] });
        const outcome: Promise<Outcome> = prompt(pushkit, { visits: 2 });
        pushkit.addEventListener("click", ({ detail }) => detail.navigate.length);
        replaceTexts(de, "de");
        document.createElement("pushkit-button").options = { locale: "de" };
        document.createElement("pushkit-check").pushkit = pushkit;
        export const code = (thrown: unknown) => thrown instanceof PushkitError && thrown.code.length;
        // @ts-expect-error: there must be a server.
        pushkit.init({});
        // @ts-expect-error: no such text.
        replaceTexts({ nothing: "" + status + outcome, nonsense: "" });
      `);
      run(join(root, "js/node_modules/.bin/tsc"), "-p", folder);
    });
  }

  test("has source maps with their sources, and no address of the machine that built it", () => {
    const installed = join(folder, "node_modules/pushkit");
    const maps = readdirSync(installed).filter((name) => name.endsWith(".map"));
    assert.deepEqual(maps.sort(), ["check.js.map", "debug.js.map", "elements.js.map", "index.js.map", "pushkit-sw.js.map"]);
    for (const name of maps) {
      const text = readFileSync(join(installed, name), "utf8");
      assert.ok(!text.includes(root), `${name} holds ${root}`);
      const { sources, sourcesContent } = JSON.parse(text);
      assert.equal(sourcesContent.filter(Boolean).length, sources.length, name);
      assert.match(readFileSync(join(installed, name.replace(/\.map$/, "")), "utf8"), new RegExp(`//# sourceMappingURL=${name}\\s*$`));
    }
  });

  test("has no WebAssembly: that is the server's", () => {
    const files = readdirSync(join(folder, "node_modules/pushkit"), { recursive: true });
    assert.deepEqual(files.filter((name) => /wasm/.test(String(name))), []);
  });
});
