import { pushkit } from "pushkit";

// Named to pushkit and registered here too: the site is to be there without a network
// for those who do not subscribe.
const serviceWorker = "sw.js";
navigator.serviceWorker?.register(serviceWorker);
pushkit.init({ server: "https://push.example.com", serviceWorker });

const element = (id: string) => document.getElementById(id)!;
const subscribe = element("subscribe") as HTMLButtonElement;

async function refresh(): Promise<void> {
  const { supported, subscribed, advice } = await pushkit.status();
  subscribe.disabled = !supported || subscribed;
  element("status").textContent = subscribed ? "This browser is subscribed." : advice || "This browser is not subscribed.";
}

function follow(address: string): void {
  element("story").textContent = new URL(address).searchParams.get("story") ?? "No story yet.";
}

subscribe.onclick = async () => {
  const failure = element("failure");
  const error = await pushkit.subscribe({ channels: ["news"] }).then(() => undefined, (thrown: Error) => thrown);
  failure.hidden = !error;
  failure.textContent = error?.message ?? "";
};
pushkit.addEventListener("change", refresh);
pushkit.addEventListener("click", ({ detail }) => {
  history.pushState(null, "", detail.navigate);
  follow(detail.navigate);
});
follow(location.href);
refresh();
