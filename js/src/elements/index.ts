// The custom elements, and what pushkit.prompt() shows: a file of its own, which
// a page imports that uses them.
import type { SubscribeOptions } from "../options";
import type { Pushkit } from "../pushkit";
import { PushkitButton } from "./button";
import { PushkitPreferences } from "./preferences";
import { PushkitPrompt, type Outcome } from "./prompt";
import type { Rules } from "./rules";
import { h } from "./dom";

export { replaceTexts, type Texts } from "./texts";
export type { Outcome, Rules };

/** Options of `pushkit.prompt()`: when it may be shown, what it says, and what is subscribed to. */
export interface PromptOptions extends Rules, SubscribeOptions {
  title?: string;
  text?: string;
}

/** Shows a prompt once its rules allow it, and tells how it ended. Never rejects. */
export function prompt(pushkit: Pushkit, options: PromptOptions = {}): Promise<Outcome> {
  const { title, text, visits, seconds, scroll, event, again, ...subscribe } = options;
  const element = new PushkitPrompt();
  element.pushkit = pushkit;
  element.options = subscribe;
  element.rules = { visits, seconds, scroll, event, again };
  if (title) element.append(h("span", { slot: "title" }, title));
  if (text) element.append(text);
  return new Promise((resolve) => {
    element.addEventListener("close", () => element.remove());
    element.addEventListener("outcome", (event) => {
      const { detail } = event as CustomEvent<Outcome>;
      if (detail === "not-shown") element.remove();
      resolve(detail);
    });
    document.body.append(element);
  });
}

declare global {
  interface HTMLElementTagNameMap {
    "pushkit-button": PushkitButton;
    "pushkit-prompt": PushkitPrompt;
    "pushkit-preferences": PushkitPreferences;
  }
}

// A second copy of this file defines nothing anew.
for (const [name, element] of Object.entries({
  "pushkit-button": PushkitButton,
  "pushkit-prompt": PushkitPrompt,
  "pushkit-preferences": PushkitPreferences,
})) {
  if (!customElements.get(name)) customElements.define(name, element);
}
