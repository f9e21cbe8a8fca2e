// A page's script that shows one element in one state: of ?element=button&state=default&lang=en. What pushkit would say
// is made up here, so that each state can be seen; the elements are the server's.
import { replaceTexts } from "https://push.example.com/pushkit-elements.js";

const query = new URLSearchParams(location.search);
const kind = query.get("element") ?? "button";
const state = query.get("state") ?? "default";

/** What happens on the page, for the tests. */
window.calls = [];
window.violations = [];
addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI, sample }) =>
  violations.push(`${violatedDirective} ${blockedURI} ${sample}`),
);

const open = { supported: true, reason: null, advice: "", permission: "default", subscribed: false, channels: [] };
const statuses = {
  pending: { ...open, reason: "not-initialized" },
  unsupported: { ...open, supported: false, reason: query.get("reason") ?? "no-push-manager" },
  install: { ...open, supported: false, reason: "ios-needs-install" },
  blocked: { ...open, reason: "permission-denied", permission: "denied" },
  subscribed: { ...open, permission: "granted", subscribed: true, id: "01JDHQ2", endpoint: "https://push.example.net/1", channels: ["news", "other"] },
};
const failures = { dismissed: "permission-dismissed", refused: "permission-denied", error: query.get("reason") ?? "server-unreachable" };

/** As much of pushkit as the elements use. */
class Made extends EventTarget {
  current = statuses[state] ?? open;
  status = async () => this.current;
  channels = { set: (names) => this.#act("set", names, { ...this.current, channels: names }) };
  subscribe = (options) => this.#act("subscribe", options, { ...statuses.subscribed, channels: options.channels ?? [] });
  unsubscribe = () => this.#act("unsubscribe", undefined, { ...open, permission: "granted" });

  async #act(name, argument, after) {
    calls.push([name, argument, navigator.userActivation?.isActive]);
    // The browser's question, or the server, takes its time until the test says so.
    if (state === "asking" || state === "busy") await new Promise((resolve) => (window.answer = resolve));
    if (failures[state] && calls.length === 1) throw Object.assign(new Error(state), { code: failures[state] });
    this.set(after);
    return after;
  }

  set(status) {
    this.current = status;
    this.dispatchEvent(new Event("change"));
  }
}

if (query.has("userAgent")) Object.defineProperty(navigator, "userAgent", { get: () => query.get("userAgent") });
if (query.has("permission")) Object.defineProperty(Notification, "permission", { get: () => query.get("permission") });
document.documentElement.lang = query.get("lang") ?? "en";
document.documentElement.dir = query.get("dir") ?? "ltr";
document.documentElement.style.colorScheme = query.get("scheme") ?? "light";
// What a person sets who reads large letters.
document.documentElement.style.fontSize = query.get("letters") ?? "";
if (query.has("label")) replaceTexts({ subscribe: query.get("label") });

window.pushkit = new Made();
const element = document.createElement(`pushkit-${kind}`);
for (const name of ["channels", "visits", "seconds", "scroll", "event", "again"]) {
  if (query.has(name)) element.setAttribute(name, query.get(name));
}
if (kind === "preferences") {
  const list = document.createElement("datalist");
  list.append(new Option("News", "news", true), new Option("Sport", "sport"), new Option("The weather", "weather"));
  element.append(list);
}
element.addEventListener("outcome", ({ detail }) => calls.push(["outcome", detail]));
if (query.get("time") === "endless") {
  // For whoever looks at a state for long: after 3 s an element would wait no longer for init(), and a prompt that has said
  // that all is done would go after 5 s.
  const { setTimeout } = window;
  window.setTimeout = (work, ms, ...given) => (ms === 3_000 || ms === 5_000 ? 0 : setTimeout(work, ms, ...given));
}
document.querySelector("main").append(element);
window.element = element;
