// Takes the README's pictures, light and dark, in stock Firefox, on an X display with Debian's notification daemon dunst:
// the demo of pushkit serve, after a message was sent, its notification clicked, and a second one sent; and the page of
// the emulator, which has seen these and two that it refused. Of the custom elements in examples/elements. And portraits of
// each element in its states, in Firefox, Chromium and WebKit. Arguments name which of these: demo, elements, portraits.
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { looks, takeElements } from "./elements/pictures.mjs";
import { takePortraits } from "./elements/portraits.mjs";
import { Firefox } from "./harness/firefox.mjs";
import { Program, temporaryFolder } from "./harness/program.mjs";
import { root } from "./harness/repository.mjs";
import { Server } from "./harness/server.mjs";
import { until } from "./harness/until.mjs";

const pictures = join(root, "examples/pictures");

/** What is photographed, in CSS pixels, and how many of the picture's make one. */
const [width, height, ratio] = [1000, 800, 2];
/** The server's own default port, since the address bar is in the picture. */
const port = 8080;
/** The emulator's, likewise. */
const emulatorPort = 8090;
/** How many of the picture's pixels make one of the emulator's page, which shows more than the demo. */
const emulatorRatio = 1.6;
/** A picture's size at most, in bytes: it is loaded by everyone who looks at the README. */
const budget = 150 * 1024;

/** Programs by the names that Debian's packages share with them, in lower case. */
const programs = ["Xvfb", "dunst", "scrot", "pngquant"];
const font = "Inter";

const colors = {
  light: { background: "#ffffff", foreground: "#1c1b29", frame: "#d5d5e2" },
  dark: { background: "#2a2937", foreground: "#f1f0f7", frame: "#454356" },
};

/**
 * @param {string} command
 * @param {string[]} args
 */
function prints(command, args) {
  const { stdout } = spawnSync(command, args, { encoding: "utf8" });
  return Boolean(stdout?.trim());
}

const missing = programs.filter((program) => !prints("which", [program])).map((program) => program.toLowerCase());
if (!prints("fc-list", [font])) missing.push("fontconfig", "fonts-inter");
if (missing.length > 0) {
  console.error(`make pictures needs ${missing.join(" ")}: install these (Debian: sudo apt-get install ${missing.join(" ")})`);
  process.exit(1);
}

/** A desktop that can be seen: an X display and a D-Bus with dunst. */
class Screen {
  #programs;
  #folder;

  /**
   * @param {Program[]} programs
   * @param {string} folder
   * @param {Record<string, string>} environment
   */
  constructor(programs, folder, environment) {
    this.#programs = programs;
    this.#folder = folder;
    this.environment = environment;
  }

  /** @param {"light" | "dark"} scheme */
  static async start(scheme) {
    const folder = temporaryFolder("screen");
    const x = new Program("Xvfb", "Xvfb", ["-displayfd", "1", "-nolisten", "tcp", "-screen", "0", `${width * ratio}x${height * ratio}x24`]);
    const [display] = await x.line(/^\d+$/);
    const bus = new Program("dbus-daemon", "dbus-daemon", [`--config-file=${join(root, "js/test/desktop/bus.conf")}`, "--nofork", "--print-address"]);
    const [address] = await bus.line(/^unix:.*/);
    mkdirSync(join(folder, "gtk-3.0"));
    writeFileSync(join(folder, "gtk-3.0/settings.ini"), `[Settings]\ngtk-font-name=${font} 10\ngtk-xft-antialias=1\ngtk-xft-rgba=none\n`);
    writeFileSync(join(folder, "dunstrc"), dunstrc(scheme));
    const environment = { DISPLAY: `:${display}`, DBUS_SESSION_BUS_ADDRESS: address, XDG_CONFIG_HOME: folder };
    const dunst = new Program("dunst", "dunst", ["-conf", join(folder, "dunstrc")], { env: { ...process.env, ...environment } });
    const screen = new Screen([dunst, bus, x], folder, environment);
    await until(() => screen.#dunstctl("count"), "answer of dunst");
    return screen;
  }

  /** Awaits the notification that is shown. */
  async notification() {
    await until(() => this.#dunstctl("count", "displayed").trim() === "1", "notification on the screen");
  }

  /** Clicks it. */
  click() {
    this.#dunstctl("action");
  }

  /** Takes it away, without a click on it. */
  dismiss() {
    this.#dunstctl("close-all");
  }

  /** @param {string} file */
  photograph(file) {
    const raw = join(this.#folder, "screen.png");
    execFileSync("scrot", ["--overwrite", raw], { env: { ...process.env, ...this.environment } });
    execFileSync("pngquant", ["--force", "--speed", "1", "--strip", "--output", file, "--", raw]);
  }

  async stop() {
    for (const program of this.#programs) await program.end();
  }

  /** @param {string[]} args */
  #dunstctl(...args) {
    return execFileSync("dunstctl", args, { env: { ...process.env, ...this.environment }, stdio: "pipe", encoding: "utf8" });
  }
}

/** @param {"light" | "dark"} scheme */
function dunstrc(scheme) {
  const { background, foreground, frame } = colors[scheme];
  return `[global]
width = 330
height = 160
origin = top-right
offset = 16x88
scale = ${ratio}
padding = 14
horizontal_padding = 16
text_icon_padding = 12
frame_width = 1
corner_radius = 12
font = ${font} ${10 * ratio}
format = "<b>%s</b>\\n%b"
show_indicators = no
min_icon_size = 32
max_icon_size = 40
[urgency_normal]
timeout = 0
background = "${background}"
foreground = "${foreground}"
frame_color = "${frame}"
`;
}

/**
 * Awaits that what the document holds is painted.
 *
 * @param {import("puppeteer-core").Page} page
 */
const painted = (page) => page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));

/**
 * The picture's file.
 *
 * @param {"demo" | "emulator" | "elements"} what
 * @param {import("./elements/pictures.mjs").Look} scheme
 */
const fileOf = (what, scheme) => join(pictures, `${what}-${scheme}.png`);

/** @param {"light" | "dark"} scheme */
async function take(scheme) {
  const emulator = `127.0.0.1:${emulatorPort}`;
  const server = new Server(port, temporaryFolder("server"), ["--emulator", `--emulator-addr=${emulator}`, "--vapid-subject=https://example.com"]);
  await until(async () => (await fetch(`${server.url}/healthz`)).ok && server.apiKey(), `answer of the server (is the port ${port} taken?)`);
  const screen = await Screen.start(scheme);
  const firefox = await Firefox.start({
    pushService: `ws://${emulator}/`,
    environment: screen.environment,
    preferences: {
      "ui.systemUsesDarkTheme": scheme === "dark" ? 1 : 0,
      "layout.css.devPixelsPerPx": String(ratio),
      "font.name.sans-serif.x-western": font,
    },
  });
  const origin = `http://localhost:${port}`;
  await firefox.setPermission(origin, "granted");
  // A window of the display's size, without the marks of a browser under remote control.
  await firefox.evaluateInChrome(`(() => {
    document.documentElement.removeAttribute("remotecontrol");
    window.moveTo(0, 0);
    window.resizeTo(${width}, ${height});
  })()`);
  // The first tab: a new one would stand beside it.
  const page = /** @type {import("puppeteer-core").Page} */ ((await firefox.browser.pages())[0]);
  await page.goto(`${origin}/demo/#key=${await server.apiKey()}`);

  const log = () => page.$eval("#log", ({ textContent }) => textContent ?? "");
  /** @param {string} text */
  async function logged(text) {
    try {
      await until(async () => (await log()).includes(text), `"${text}" in the page's log`);
    } catch (error) {
      throw new Error(`${/** @type {Error} */ (error).message}; the page says ${await page.$eval("main", (main) => main.innerText)}`);
    }
  }
  await page.locator("#subscribe:enabled").click();
  await logged("Subscribed.");
  await page.click("#notify-me");
  await screen.notification();
  screen.click();
  await logged("You came back");
  await page.locator("#notify-me:enabled").click();
  await screen.notification();
  await until(() => page.$$eval("#log li", (items) => items.length === 7), "the second message in the page's log");
  await painted(page);
  screen.photograph(fileOf("demo", scheme));

  screen.dismiss();
  await firefox.evaluateInChrome(`Services.prefs.setCharPref("layout.css.devPixelsPerPx", "${emulatorRatio}")`);
  await showEmulator(page, `http://${emulator}`);
  screen.photograph(fileOf("emulator", scheme));

  await firefox.close();
  await screen.stop();
  await server.stop();
}

/**
 * Opens the emulator's page, and sends what it refuses.
 *
 * @param {import("puppeteer-core").Page} page
 * @param {string} emulator its URL
 */
async function showEmulator(page, emulator) {
  await page.goto(`${emulator}/`);
  await page.waitForSelector("#subscriptions code");
  const { data } = await (await fetch(`${emulator}/api/subscriptions`)).json();
  await page.locator("#presets button").click();
  for (let i = 0; i < 2; i++) await fetch(data[0].endpoint, { method: "POST", headers: { TTL: "3600", Topic: "match-42" } });
  await page.waitForFunction(() => document.querySelectorAll(".push .fix").length === 2);
  await page.locator("#presets button:last-child").click();
  await page.waitForSelector("#faults li");
  await page.waitForFunction(() => document.getElementById("notice")?.hidden);
  await painted(page);
}

/** Says a picture's size, and throws where it is over the budget. @param {string} file */
function weigh(file) {
  const { size } = statSync(file);
  console.log(`${relative(root, file)}: ${size} bytes`);
  if (size > budget) throw new Error(`${file} is over ${budget} bytes`);
}

/** What is asked for: all, or what the arguments name. @param {string} what */
const wanted = (what) => process.argv.length === 2 || process.argv.slice(2).includes(what);

mkdirSync(join(pictures, "elements"), { recursive: true });
if (wanted("demo")) {
  for (const scheme of /** @type {const} */ (["light", "dark"])) {
    await take(scheme);
    for (const what of /** @type {const} */ (["demo", "emulator"])) weigh(fileOf(what, scheme));
  }
}
if (wanted("elements")) {
  await takeElements((look) => fileOf("elements", look), font);
  for (const look of looks) weigh(fileOf("elements", look));
}
if (wanted("portraits")) {
  for (const file of await takePortraits((name) => join(pictures, "elements", `${name}.png`), font)) weigh(file);
}
