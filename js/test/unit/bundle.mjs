import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../../", import.meta.url));

/**
 * A TypeScript file of the client as a module of its own.
 * @param {string} source its path in the repository
 * @returns {Promise<any>}
 */
export function load(source) {
  const code = execFileSync("go", ["run", "./js/build", "-bundle", source], { cwd: root });
  // A new address each time gives a new module, with a state of its own.
  return import(`data:text/javascript;base64,${code.toString("base64")}#${count++}`);
}

let count = 0;
