import { pushkit } from "pushkit";

// Named to pushkit and registered here too: the site is to be there without a network
// for those who do not subscribe.
const serviceWorker = "/sw.js";
const workers = navigator.serviceWorker;
workers?.register(serviceWorker);
pushkit.init({ server: "https://push.example.com", serviceWorker });

const element = (id: string) => document.getElementById(id)!;
const subscribe = element("subscribe") as HTMLButtonElement;
const unsubscribe = element("unsubscribe") as HTMLButtonElement;
// Why the last change failed.
let failure = "";
// The changes under way, and whether a worker of another build has taken over.
let changes = 0;
let outdated = false;

// The worker of another build, with the files of that build, takes over; on a first visit that of this one comes before.
let controlled = !!workers?.controller;
workers?.addEventListener("controllerchange", () => {
  outdated = controlled;
  controlled = true;
  renew();
});

async function refresh(): Promise<void> {
  const { supported, subscribed, permission, advice } = await pushkit.status();
  subscribe.disabled = !supported || subscribed || permission === "denied";
  unsubscribe.disabled = !subscribed;
  // The advice says what keeps push from working here.
  const state = subscribed ? "This browser is subscribed." : advice || "This browser is not subscribed.";
  element("status").textContent = state;
  // What it says already is not said twice.
  element("failure").textContent = failure === state ? "" : failure;
  element("failure").hidden = !element("failure").textContent;
}

async function run(change: () => Promise<unknown>): Promise<void> {
  changes++;
  failure = await change().then(() => "", (thrown: Error) => thrown.message);
  changes--;
  await refresh();
  renew();
}

/** Loads the page of another build, once no change is under way: it would take the browser's question away. */
function renew(): void {
  if (outdated && !changes) location.reload();
}

/** Shows the page that an address leads to. */
function show(address: string): void {
  const story = new URL(address).pathname.match(/^\/stories\/(.+)/)?.[1];
  element("story").textContent = story
    ? `Story ${story}`
    : "No story yet: send a message with --navigate /stories/42, and click its notification.";
}

subscribe.onclick = () => run(() => pushkit.subscribe({ channels: ["news"] }));
unsubscribe.onclick = () => run(() => pushkit.unsubscribe());
pushkit.addEventListener("change", refresh);
pushkit.addEventListener("click", ({ detail: { navigate } }) => {
  if (new URL(navigate).origin !== location.origin) {
    // It takes this page's place: without a click of its own a page may not open a window.
    location.href = navigate;
    return;
  }
  // It leads to this site, which follows without a load.
  history.pushState(null, "", navigate);
  show(navigate);
});
addEventListener("popstate", () => show(location.href));
show(location.href);
refresh();
