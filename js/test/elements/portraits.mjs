import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Chromium } from "../harness/chromium.mjs";
import { Firefox } from "../harness/firefox.mjs";
import { temporaryFolder } from "../harness/program.mjs";
import { Server } from "../harness/server.mjs";
import { Site } from "../harness/site.mjs";
import { until } from "../harness/until.mjs";
import { WebKit } from "../harness/webkit.mjs";
import { addGallery, everything } from "./gallery.mjs";

export const browsers = /** @type {const} */ (["firefox", "chromium", "webkit"]);

/** What a sheet shows, each in a cell of its own: an element with its states by their names in everything. */
const sheets = {
  button: { element: "button", names: /^(default|asking|busy|subscribed|install|dismissed|blocked firefox|unsupported no-webassembly|error server-unreachable)$/ },
  prompt: { element: "prompt", names: /^(default|asking|busy|joined|refused|dismissed|error server-unreachable)$/ },
  preferences: { element: "preferences", names: /^(default|subscribed|install|blocked chrome|unsupported no-push-manager|error push-service-unreachable)$/ },
  // How to allow again what was blocked, in each browser's own settings.
  instructions: { element: "button", names: /^blocked / },
};

const looks = [
  { look: "light", query: {}, only: /./ },
  { look: "dark", query: { scheme: "dark" }, only: /button|prompt|preferences/ },
  { look: "rtl", query: { lang: "ar", dir: "rtl" }, only: /button|prompt|preferences/ },
];

/** What is photographed, in CSS pixels. */
const width = 1000;

/** In the sheet's page: the cells, each as high as what is in it. */
const script = `
const { element, cells, scheme, dir } = JSON.parse(new URLSearchParams(location.search).get("sheet"));
document.documentElement.style.colorScheme = scheme ?? "light";
document.documentElement.dir = dir ?? "ltr";
const frames = cells.map(({ name, query }) => {
  const figure = document.createElement("figure");
  const caption = document.createElement("figcaption");
  caption.textContent = name.replace("joined", "subscribed").replace("refused", "blocked");
  const frame = document.createElement("iframe");
  frame.setAttribute("scrolling", "no");
  frame.src = "/portrait.html?" + new URLSearchParams(query);
  figure.append(caption, frame);
  document.querySelector("main").append(figure);
  return { frame, state: query.state };
});
const closed = ["blocked", "unsupported", "install", "subscribed"];
const wait = (look) => new Promise((done) => { (function again() { look() ? done() : setTimeout(again, 20); })(); });
async function reach({ frame, state }) {
  await wait(() => frame.contentWindow.element?.hasAttribute("state"));
  const { element: shown } = frame.contentWindow;
  const { shadowRoot } = shown;
  if (element === "prompt") await wait(() => shown.hasAttribute("open"));
  if (state !== "default" && !(element === "preferences" && closed.includes(state))) {
    shadowRoot.querySelector("[part=button]").click();
    const goal = { joined: "subscribed", refused: "blocked" }[state] ?? state;
    await wait(() => shown.getAttribute("state") === goal);
  }
  for (const animation of shadowRoot.getAnimations()) animation.finish();
  // Of the element's own frame: the button's card lies over what is below.
  const seen = [shown, ...shadowRoot.querySelectorAll(".card")].filter((one) => one.checkVisibility());
  const height = element === "prompt" ? seen.at(-1).offsetHeight + 32 : Math.max(...seen.map((one) => one.getBoundingClientRect().bottom)) + 16;
  frame.style.height = Math.ceil(height) + "px";
}
Promise.all(frames.map(reach)).then(() => requestAnimationFrame(() => requestAnimationFrame(() => (window.ready = document.documentElement.offsetHeight))));
`;

const style = `
html { background: Canvas; color: CanvasText; font: 14px/1.4 system-ui, sans-serif }
body { margin: 0 }
main { columns: 3; column-gap: 12px; padding: 12px }
figure { margin: 0 0 12px; break-inside: avoid }
figcaption { opacity: .75; unicode-bidi: plaintext }
iframe { display: block; inline-size: calc(100% - 2px); block-size: 700px; border: 1px solid #8886; border-radius: 6px }
`;

/** Lets all browsers take one font for what a page does not name. @param {string} font */
function fonts(font) {
  const file = join(temporaryFolder("fonts"), "fonts.conf");
  const prefer = ["system-ui", "sans-serif"].map((family) => `<alias binding="same"><family>${family}</family><prefer><family>${font}</family></prefer></alias>`);
  writeFileSync(file, `<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd"><fontconfig><include>/etc/fonts/fonts.conf</include>${prefer.join("")}</fontconfig>`);
  return { FONTCONFIG_FILE: file };
}

/**
 * Takes pictures of each element in its states, in each browser.
 *
 * @param {(name: string) => string} fileOf by sheet, look and browser: "button-dark-webkit"
 * @param {string} font
 * @returns {Promise<string[]>} the files
 */
export async function takePortraits(fileOf, font) {
  /** @type {Server} */
  let server;
  const site = await Site.start({ server: () => server.url });
  server = await Server.start([`--allowed-origins=${site.origin}`, "--vapid-subject=https://example.com"]);
  await addGallery(site, server.url);
  site.files.set("/portrait.css", { body: "body { margin: 1rem; background: Canvas; color: CanvasText } main { display: flow-root }", type: "text/css" });
  site.files.set("/portrait.html", {
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>One</title><link rel="stylesheet" href="/portrait.css"><main></main><script type="module" src="/gallery.js"></script></html>`,
  });
  site.files.set("/sheet.html", {
    body: `<!doctype html><html lang="en"><meta charset="utf-8"><title>All</title><style>${style}</style><main></main><script type="module">${script}</script></html>`,
  });
  const environment = fonts(font);
  const files = [];
  for (const name of browsers) {
    const browser = await start(name, environment);
    for (const [sheet, { element, names }] of Object.entries(sheets)) {
      for (const { look, query } of looks.filter(({ only }) => only.test(sheet))) {
        const shown = everything[/** @type {keyof typeof everything} */ (element)].filter(({ name }) => names.test(name));
        const cells = shown.map(({ name, query: own }) => ({ name, query: { element, ...own, ...query } }));
        // A prompt is shown once, and each of these is another visitor's.
        const url = `${site.origin.replace("localhost", `${sheet}-${look}.localhost`)}/sheet.html?${new URLSearchParams({ sheet: JSON.stringify({ element, cells, ...query }) })}`;
        const raw = join(temporaryFolder("pictures"), "page.png");
        writeFileSync(raw, await browser.photograph(url));
        const file = fileOf(`${sheet}-${look}-${name}`);
        execFileSync("pngquant", ["--force", "--speed", "1", "--strip", "--output", file, "48", "--", raw]);
        files.push(file);
      }
    }
    await browser.close();
  }
  await site.stop();
  await server.stop();
  return files;
}

/**
 * @param {(typeof browsers)[number]} name
 * @param {Record<string, string>} environment
 */
async function start(name, environment) {
  if (name === "webkit") {
    const webkit = await WebKit.start({ environment, features: ["PushAPI"] });
    return photographer(await webkit.newPage("about:blank"), () => webkit.close());
  }
  if (name === "chromium") {
    const chromium = await Chromium.start({ environment });
    return photographer(await chromium.newPage(), () => chromium.close());
  }
  const firefox = await Firefox.start({ environment });
  const page = await firefox.newPage();
  return photographer(
    {
      goto: (url) => page.goto(url),
      evaluate: (work) => page.evaluate(work),
      screenshot: async (size) => {
        await page.setViewport(size);
        return page.screenshot();
      },
    },
    () => firefox.close(),
  );
}

/**
 * @param {{goto: (url: string) => Promise<unknown>, evaluate: <T>(work: () => T) => Promise<T>, screenshot: (size: {width: number, height: number}) => Promise<Uint8Array>}} page
 * @param {() => Promise<void>} close
 */
function photographer(page, close) {
  return {
    close,
    /** @param {string} url */
    async photograph(url) {
      // Of the width first, on which the height depends.
      await page.screenshot({ width, height: 900 });
      await page.goto(url);
      let height = 0;
      await until(async () => (height = await page.evaluate(() => /** @type {any} */ (window).ready ?? 0)), "sheet", 60_000);
      return page.screenshot({ width, height });
    },
  };
}
