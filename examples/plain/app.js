import { pushkit } from "https://push.example.com/pushkit.js";

const server = "https://push.example.com";

const element = (id) => document.getElementById(id);
const buttons = {
  subscribe: element("subscribe"),
  unsubscribe: element("unsubscribe"),
  me: element("notify-me"),
  all: element("notify-all"),
};

let status;
let busy = false;
// A failure is shown until something succeeds.
let failure = "";

/** Brings the page to what is true now. */
function render() {
  const { supported, subscribed, permission, advice } = status;
  element("status").textContent = subscribed
    ? "This browser is subscribed."
    : supported
      ? "This browser is not subscribed."
      : "This browser cannot subscribe here.";
  element("status").classList.toggle("subscribed", subscribed);
  const trouble = failure || [advice, insecure()].join(" ").trim();
  element("advice").textContent = trouble;
  element("advice").hidden = !trouble;

  const key = apiKey();
  buttons.subscribe.disabled = busy || !supported || subscribed || permission === "denied";
  buttons.unsubscribe.disabled = busy || !subscribed;
  buttons.me.disabled = busy || !subscribed || !key;
  buttons.all.disabled = busy || !key;
  element("why").textContent = !key
    ? "Sending needs the server's API key: add #key= and the key, which is in the file data/api-key, to this page's address"
    : subscribed
      ? ""
      : "Subscribe first to notify yourself.";
}

/** What to do where a page has no push for its address, such as http://192.168.0.2:8080. */
function insecure() {
  if (isSecureContext) return "";
  return "http://localhost is for the machine that serves this page alone; others need an address with https://.";
}

async function refresh() {
  status = await pushkit.status();
  render();
}

/** Runs what a button does, one thing at a time, and tells how it ended. */
async function run(button, work) {
  busy = true;
  render();
  element("status").textContent = "One moment…";
  try {
    await work();
    failure = "";
  } catch (error) {
    fail(error);
  }
  busy = false;
  await refresh();
  // A disabled button loses the focus, and with it a person's place on the page.
  if (document.activeElement === document.body || document.activeElement === button) {
    Object.values(buttons)
      .sort((a, b) => (b === button) - (a === button))
      .find(({ disabled }) => !disabled)
      ?.focus();
  }
}

function fail(error) {
  failure = error.message;
  log(`Failed: ${error.code ?? error.name}.`);
}

function log(text) {
  const item = document.createElement("li");
  const time = document.createElement("time");
  time.textContent = new Date().toLocaleTimeString();
  item.append(time, text);
  element("log").prepend(item);
}

/** Shows whether a notification brought the person here. */
function welcome(address) {
  const url = new URL(address, location.href);
  const back = url.searchParams.get("from") === "notification";
  element("back").hidden = !back;
  if (back) log("You came back by a notification.");
}

/**
 * The API key of this demo, from the address's fragment, which no server sees.
 * A real site keeps its key on its back end and sends from there.
 */
function apiKey() {
  const key = new URLSearchParams(location.hash.slice(1)).get("key");
  if (key) {
    sessionStorage.setItem("pushkit-demo-key", key);
    history.replaceState(null, "", location.pathname + location.search);
  }
  return sessionStorage.getItem("pushkit-demo-key");
}

/** Makes a call with the API key; a real site's back end makes it. */
async function call(path, options = {}) {
  const headers = { "Content-Type": "application/json", Authorization: `Bearer ${apiKey()}` };
  const response = await fetch(server + path, { headers, ...options });
  const answer = await response.json();
  if (!response.ok) throw Object.assign(new Error(answer.detail), { code: answer.code });
  return answer;
}

async function send(title, audience) {
  const icon = new URL("icon.png", import.meta.url).href;
  const navigate = new URL("?from=notification", location.origin + location.pathname).href;
  const notification = { title, body: "Click to come back to the page.", icon, navigate };
  const message = { notification, audience, ttl: 300, urgency: "high" };
  const { id } = await call("/v1/messages", { method: "POST", body: JSON.stringify(message) });
  log("Message accepted by the server.");
  follow(id).catch(fail).then(refresh);
}

/** Tells when a message reached nobody, or not everybody. */
async function follow(id) {
  for (let tries = 0; tries < 20; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 500));
    const { state, counts } = await call(`/v1/messages/${id}`);
    if (state !== "sent") continue;
    if (counts.targeted === 0) log("Nobody is subscribed: the message reached no browser.");
    if (counts.targeted === counts.accepted) return;
    const missed = `${counts.targeted - counts.accepted} of ${counts.targeted}`;
    throw Object.assign(new Error(`The push service did not take the message for ${missed} browsers.`), { code: "not-accepted" });
  }
}

function on(button, work) {
  button.onclick = () => run(button, work);
}

on(buttons.subscribe, () => pushkit.subscribe().then(() => log("Subscribed.")));
on(buttons.unsubscribe, () => pushkit.unsubscribe().then(() => log("Unsubscribed.")));
on(buttons.me, () => send("Hello, you", { subscriptions: [status.id] }));
on(buttons.all, () => send("Hello, everybody", { all: true }));

pushkit.addEventListener("change", refresh);
pushkit.addEventListener("message", ({ detail }) => log(`Message shown: ${detail.title}`));
pushkit.addEventListener("click", ({ detail }) => {
  log(`Notification clicked: ${detail.title}`);
  const { origin, pathname } = new URL(detail.navigate);
  if (origin !== location.origin || pathname !== location.pathname) {
    location.href = detail.navigate;
    return;
  }
  // It leads to this page, which follows without a load.
  history.pushState(null, "", detail.navigate);
  welcome(detail.navigate);
});
pushkit.addEventListener("error", ({ detail }) => {
  failure = detail.message;
  log(`Repair failed: ${detail.code}.`);
  refresh();
});
window.addEventListener("hashchange", refresh);

welcome(location.href);
pushkit.init({ server, serviceWorker: new URL("pushkit-sw.js", import.meta.url) });
// Nothing can be clicked before this, since all buttons start disabled.
await refresh();
