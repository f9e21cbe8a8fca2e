// The recipe for the CI of other projects, run as they would run it.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { freePort, temporaryFolder } from "../harness/program.mjs";
import { root } from "../harness/repository.mjs";
import { pushkit } from "../harness/server.mjs";

const example = join(root, "examples/ci");

/** A copy of the example whose packages are installed. */
function install() {
  const folder = join(temporaryFolder("ci"), "tests");
  cpSync(example, folder, { recursive: true });
  symlinkSync(join(root, "js/node_modules"), join(folder, "node_modules"));
  return folder;
}

/**
 * @param {string} folder
 * @param {...string} command
 */
async function run(folder, ...command) {
  const firefox = spawnSync("which", [process.env["PUSHKIT_TEST_FIREFOX"] ?? "firefox-esr"], { encoding: "utf8" }).stdout.trim();
  // Node's runner tells a runner below it by this, and would print for it.
  const { NODE_TEST_CONTEXT: _, ...inherited } = process.env;
  const env = { ...inherited, PUSHKIT: pushkit, PUSHKIT_EMULATOR_ADDR: `127.0.0.1:${await freePort()}`, FIREFOX: firefox };
  const { status, stdout, stderr } = spawnSync("./run.sh", command, { cwd: folder, env, encoding: "utf8", timeout: 600_000 });
  return { status, output: stdout + stderr };
}

test("the example's tests pass beside an emulator of their own", async () => {
  const { status, output } = await run(install(), "npm", "test");
  assert.equal(status, 0, output);
  assert.match(output, /# pass 2\n/);
});

test("a failure is the script's own, and the emulator ends with it", async () => {
  const { status, output } = await run(install(), "sh", "-c", "echo $PUSHKIT_EMULATOR; exit 7");
  assert.equal(status, 7, output);
  await assert.rejects(fetch(output.trim()));
});

test("an emulator that cannot start says why", async () => {
  const folder = install();
  const { status, output } = await run(folder, "env", "PUSHKIT_EMULATOR_ADDR=nowhere", "./run.sh", "true");
  assert.equal(status, 1);
  assert.match(output, /emulator cannot listen/);
});

test("the example uses the versions that were tested, and the Dockerfile what there is", () => {
  const tested = JSON.parse(readFileSync(join(root, "js/package.json"), "utf8")).devDependencies;
  for (const [name, version] of Object.entries(JSON.parse(readFileSync(join(example, "package.json"), "utf8")).devDependencies)) {
    assert.equal(version, tested[name], name);
  }
  const goVersion = readFileSync(join(root, "go.mod"), "utf8").match(/^go (\d+\.\d+)/m)?.[1];
  assert.match(readFileSync(join(example, "Dockerfile"), "utf8"), new RegExp(`^FROM golang:${goVersion}-`, "m"));
});
