import { Unexpected } from "../wire.gen";
import { h, type Child } from "./dom";
import { picture } from "./pictures";
import { installing, platformOf, unblocking, type Step } from "./platform";
import { reasonText, type Known, type State } from "./state";
import type { Texts } from "./texts";

const steps = (texts: Texts, list: readonly Step[]): Child =>
  h("ol", { part: "steps" }, ...list.map(([name, text]) => h("li", {}, texts[text], picture(name))));

/** Says why there is nothing to press, or why pressing failed, and what a person can do; nothing in the other states. */
export function explain(state: State, { status, failed }: Known, texts: Texts): Child[] {
  switch (state) {
    case "blocked":
      return [h("p", {}, texts.unblock), steps(texts, unblocking[platformOf(navigator.userAgent)])];
    case "install":
      return [h("p", {}, texts.install), steps(texts, installing)];
    case "unsupported":
    case "dismissed":
    case "error": {
      const code = failed ?? status?.reason ?? Unexpected;
      const reason = reasonText(code);
      const said: Child[] = [h("p", {}, texts[reason])];
      if (reason === "service" && "brave" in navigator) said.push(h("p", {}, texts.brave));
      // What a person can do nothing about is for whom they ask.
      if (reason === "site" || reason === "unexpected") said.push(h("code", { part: "code" }, code));
      return said;
    }
    default:
      return [];
  }
}
