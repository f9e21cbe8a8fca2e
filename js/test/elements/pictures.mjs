import { execFileSync } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Firefox } from "../harness/firefox.mjs";
import { temporaryFolder } from "../harness/program.mjs";
import { root } from "../harness/repository.mjs";
import { Server } from "../harness/server.mjs";
import { Site } from "../harness/site.mjs";

const folder = join(root, "examples/elements");

/** How a page is shown. @typedef {"light" | "dark" | "rtl"} Look */
export const looks = /** @type {Look[]} */ (["light", "dark", "rtl"]);

/**
 * Takes pictures of examples/elements in Firefox, with the prompt open: by their looks.
 *
 * @param {(look: Look) => string} fileOf
 * @param {string} font
 */
export async function takeElements(fileOf, font) {
  /** @type {Server} */
  let server;
  const site = await Site.start({ folder, server: () => server.url });
  server = await Server.start([`--allowed-origins=${site.origin}`, "--vapid-subject=https://example.com"]);
  for (const look of looks) {
    const index = await readFile(join(folder, "index.html"), "utf8");
    site.files.set("/index.html", { body: look === "rtl" ? index.replace('lang="en"', 'lang="ar" dir="rtl"') : index });
    const firefox = await Firefox.start({
      preferences: { "ui.systemUsesDarkTheme": look === "dark" ? 1 : 0, "font.name.sans-serif.x-western": font },
    });
    const page = await firefox.newPage();
    await page.setViewport({ width: 900, height: 700, deviceScaleFactor: 2 });
    // Somebody who comes for the second time and has read the page.
    await page.evaluateOnNewDocument(() => localStorage.setItem("pushkit:prompt", JSON.stringify({ visits: 1, seen: 0 })));
    await page.goto(`${site.origin}/`);
    await page.evaluate(() => scrollTo(0, document.documentElement.scrollHeight));
    await page.waitForSelector("pushkit-prompt[open]");
    await page.waitForSelector("pushkit-preferences[state=default]");
    await page.evaluate(() => Promise.all(document.querySelector("pushkit-prompt")?.shadowRoot?.getAnimations().map(({ finished }) => finished) ?? []).then(() => {}));
    await page.evaluate(() => scrollTo(0, 0));
    const raw = join(temporaryFolder("pictures"), "page.png");
    await writeFile(raw, await page.screenshot());
    execFileSync("pngquant", ["--force", "--speed", "1", "--strip", "--output", fileOf(look), "--", raw]);
    await firefox.close();
  }
  await site.stop();
  await server.stop();
}
