import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { temporaryFolder } from "./program.mjs";
import { root } from "./repository.mjs";

/**
 * The environment of a program whose clock is wrong. Its timers run as ever.
 *
 * @param {number} ahead in seconds
 */
export async function wrongClock(ahead) {
  const library = join(temporaryFolder("clock"), "clock.so");
  const source = join(root, "js/test/harness/clock.c");
  const args = ["-std=gnu11", "-O2", "-shared", "-fPIC", `-DAHEAD=${ahead}`, "-o", library, source];
  await promisify(execFile)(process.env["CC"] ?? "cc", args);
  return { LD_PRELOAD: library };
}
