import { pushkit } from "pushkit";

// Named to pushkit and registered here too: the site is to be there without a network
// for those who do not subscribe.
const serviceWorker = "/sw.js";
const workers = navigator.serviceWorker;
workers?.register(serviceWorker);
// The worker of another build, with the files of that build, has taken over.
if (workers?.controller) workers.addEventListener("controllerchange", () => location.reload(), { once: true });
pushkit.init({ server: "https://push.example.com", serviceWorker });

const element = (id: string) => document.getElementById(id)!;
const subscribe = element("subscribe") as HTMLButtonElement;
const unsubscribe = element("unsubscribe") as HTMLButtonElement;

async function refresh(): Promise<void> {
  const { supported, subscribed, permission, advice } = await pushkit.status();
  subscribe.disabled = !supported || subscribed || permission === "denied";
  unsubscribe.disabled = !subscribed;
  // The advice says what keeps push from working here.
  element("status").textContent = subscribed ? "This browser is subscribed." : advice || "This browser is not subscribed.";
}

async function run(change: () => Promise<unknown>): Promise<void> {
  const failure = element("failure");
  const error = await change().then(() => undefined, (thrown: Error) => thrown);
  failure.hidden = !error;
  failure.textContent = error?.message ?? "";
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
