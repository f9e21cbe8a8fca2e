// What the browser tests stand on: that the harness plays a person truly, so that they cannot pass or fail by its fault.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Desktop } from "./desktop.mjs";
import { Firefox } from "./firefox.mjs";
import { Program } from "./program.mjs";
import { Site } from "./site.mjs";
import { until } from "./until.mjs";

const page = `<!doctype html>
<title>harness</title>
<script>
  const ready = navigator.serviceWorker.register("/sw.js").then(() => navigator.serviceWorker.ready);
  let answer = "none";
  const ask = () => Notification.requestPermission().then((permission) => (answer = permission));
  const show = (title, options) => ready.then((registration) => registration.showNotification(title, options));
</script>
<button onclick="ask()">ask</button>`;

const worker = `
addEventListener("notificationclick", (event) => {
  event.waitUntil(registration.showNotification("clicked " + event.notification.title + " " + event.action));
});
addEventListener("notificationclose", (event) => {
  event.waitUntil(registration.showNotification("closed " + event.notification.title));
});`;

/** @type {Desktop} */
let desktop;
/** @type {Firefox} */
let firefox;
/** @type {Site} */
let site;

before(async () => {
  [desktop, site] = await Promise.all([
    Desktop.start(),
    Site.start({
      files: { "/index.html": page, "/sw.js": worker, "/address.js": "https://push.example.com/pushkit.js" },
      server: () => "http://127.0.0.1:1",
    }),
  ]);
  firefox = await Firefox.start({ environment: desktop.environment });
});

after(async () => {
  await firefox?.close();
  await Promise.all([site?.stop(), desktop?.stop()]);
});

/** @param {"granted" | "denied" | "prompt"} permission */
async function open(permission) {
  await firefox.setPermission(site.origin, permission);
  return firefox.newPage(`${site.origin}/`);
}

for (const { button, answered, permission } of /** @type {const} */ ([
  { button: "allow", answered: "granted", permission: "granted" },
  { button: "deny", answered: "denied", permission: "denied" },
  { button: "dismiss", answered: "default", permission: "default" },
])) {
  test(`a person's click opens the permission prompt, and ${button} gives ${answered}`, async () => {
    const tab = await open("prompt");
    await tab.click("button");
    await firefox.prompt[button]();
    await until(async () => (await firefox.evaluateWithoutGesture(tab, "answer")) === answered, `answer ${answered}`);
    assert.equal(await firefox.evaluateWithoutGesture(tab, "Notification.permission"), permission);
    assert.equal(await firefox.prompt.isOpen(), false);
    await tab.close();
  });
}

test("a script without a gesture is not a person: there is no prompt", async () => {
  const tab = await open("prompt");
  await firefox.evaluateWithoutGesture(tab, "ask()");
  assert.equal(await firefox.evaluateWithoutGesture(tab, "answer"), "default");
  assert.equal(await firefox.prompt.isOpen(), false);
  await tab.close();
});

test("a notification is seen on the desktop, and a click on its button reaches the worker", async () => {
  const tab = await open("granted");
  const options = JSON.stringify({ body: "2:1", actions: [{ action: "watch", title: "Watch" }] });
  await firefox.evaluateWithoutGesture(tab, `show("Goal!", ${options})`);
  const shown = await desktop.notification((n) => n.summary === "Goal!");
  assert.equal(shown.body, "2:1");
  assert.deepEqual(shown.actions.map((a) => a.title).slice(1), ["Watch"]);
  await desktop.click(shown, "Watch");
  await desktop.notification((n) => n.summary === "clicked Goal! watch");
  await tab.close();
});

test("a click on a notification's body reaches the worker without an action", async () => {
  const tab = await open("granted");
  await firefox.evaluateWithoutGesture(tab, `show("Body")`);
  await desktop.click(await desktop.notification((n) => n.summary === "Body"));
  await desktop.notification((n) => n.summary === "clicked Body ");
  await tab.close();
});

test("a notification that is dismissed gives the worker a close and no click", async () => {
  const tab = await open("granted");
  await firefox.evaluateWithoutGesture(tab, `show("Dismissed")`);
  await desktop.dismiss(await desktop.notification((n) => n.summary === "Dismissed"));
  await desktop.notification((n) => n.summary === "closed Dismissed");
  assert.equal(desktop.history.some((n) => n.summary.startsWith("clicked Dismissed")), false);
  await tab.close();
});

test("a notification that the page closes goes from the desktop", async () => {
  const tab = await open("granted");
  await firefox.evaluateWithoutGesture(tab, `show("Taken back")`);
  const shown = await desktop.notification((n) => n.summary === "Taken back");
  await firefox.evaluateWithoutGesture(
    tab,
    `ready.then((r) => r.getNotifications()).then((all) => all.find((n) => n.title === "Taken back").close())`,
  );
  await desktop.closed(shown);
  assert.equal(shown.closed, 3);
  await tab.close();
});

test("a restarted Firefox keeps its permissions and workers, after a crash as well", async () => {
  let tab = await open("prompt");
  await tab.click("button");
  await firefox.prompt.allow();
  await firefox.evaluateWithoutGesture(tab, "ready.then(() => true)");
  for (const end of /** @type {const} */ (["close", "kill"])) {
    await firefox[end]();
    await firefox.open();
    tab = await firefox.newPage(`${site.origin}/`);
    assert.equal(await firefox.evaluateWithoutGesture(tab, "Notification.permission"), "granted", end);
    assert.equal(await firefox.evaluateWithoutGesture(tab, "navigator.serviceWorker.getRegistrations().then((r) => r.length)"), 1, end);
  }
  await tab.close();
});

test("an error in a page's script is the test's error", async () => {
  const tab = await open("prompt");
  await assert.rejects(firefox.evaluateWithoutGesture(tab, "absent()"), /absent is not defined/);
  await tab.close();
});

test("a site names the server where its source has the placeholder", async () => {
  const text = await (await fetch(`${site.origin}/address.js`)).text();
  assert.equal(text, "http://127.0.0.1:1/pushkit.js");
  assert.equal((await fetch(`${site.origin}/absent.js`)).status, 404);
});

test("a program that ends before it is ready says so at once, with what it printed", async () => {
  const program = new Program("sh", "sh", ["-c", "echo port in use >&2; exit 3"]);
  await assert.rejects(program.line(/listening/), /sh ended with status 3 before.*\nport in use/s);
  const absent = new Program("absent", "pushkit-absent", []);
  await assert.rejects(absent.line(/listening/), /absent ended with .*ENOENT/s);
});
