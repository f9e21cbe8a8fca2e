// Lighthouse's audits of the demo that pushkit serve shows, and of examples/elements: for make audit-pages. Fails where a
// score is under what it is to be. Performance is timed, so that other work on the machine lowers it: there it is what
// Lighthouse calls green.
import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { discardLogs, temporaryFolder } from "../harness/program.mjs";
import { root } from "../harness/repository.mjs";
import { Server } from "../harness/server.mjs";
import { Site } from "../harness/site.mjs";

const lighthouse = fileURLToPath(new URL("node_modules/lighthouse/cli/index.js", import.meta.url));

/** The least score of each category. @type {Record<string, number>} */
const least = { accessibility: 1, "best-practices": 1, seo: 1, performance: 0.9 };

/**
 * Audits a page and tells what is wanting.
 *
 * @param {string} url
 */
async function audit(url) {
  const report = join(temporaryFolder("lighthouse"), "report.json");
  const flags = ["--headless=new", ...(process.getuid?.() === 0 ? ["--no-sandbox"] : [])].join(" ");
  await promisify(execFile)(
    process.execPath,
    [lighthouse, url, "--quiet", "--output=json", `--output-path=${report}`, `--chrome-flags=${flags}`, `--only-categories=${Object.keys(least)}`],
    { env: { ...process.env, CHROME_PATH: process.env["PUSHKIT_TEST_CHROMIUM"] ?? "/usr/bin/chromium" } },
  );
  const { categories, audits } = JSON.parse(readFileSync(report, "utf8"));
  let green = true;
  for (const [name, { score, auditRefs }] of Object.entries(/** @type {Record<string, any>} */ (categories))) {
    console.log(`  ${name.padEnd(16)} ${Math.round(100 * score)}`);
    if (score >= /** @type {number} */ (least[name])) continue;
    green = false;
    for (const { id, weight } of auditRefs) {
      const { score, title, details } = audits[id];
      if (weight > 0 && score !== null && score < 1) console.log(`    ${title}: ${JSON.stringify(details?.items ?? "")}`);
    }
  }
  return green;
}

/** @type {Server} */
let server;
const site = await Site.start({ folder: join(root, "examples/elements"), server: () => server.url });
server = await Server.start([`--allowed-origins=${site.origin}`, "--vapid-subject=https://example.com"]);
let green = true;
for (const [name, url] of Object.entries({ "the demo": `${server.url}/demo/`, "examples/elements": `${site.origin}/` })) {
  console.log(name);
  // Both are looked at, also where the first is wanting.
  green = (await audit(url)) && green;
}
await site.stop();
await server.stop();
if (!green) {
  discardLogs();
  process.exitCode = 1;
}
