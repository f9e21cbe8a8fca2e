import type { Picture } from "./pictures";
import type { Texts } from "./texts";

/** Browsers that differ in where a person allows notifications. */
export type Platform = "firefox" | "chrome" | "edge" | "safari" | "ios" | "samsung" | "other";

/** Which one a User-Agent header tells of: for what people are told, never for what is done. */
export function platformOf(userAgent: string): Platform {
  const is = (pattern: RegExp): boolean => pattern.test(userAgent);
  // Safari on an iPad says that it is a Mac's, but there push exists in Home
  // Screen apps only, whose settings are the system's.
  if (is(/iPhone|iPad|iPod/)) return "ios";
  if (is(/SamsungBrowser/)) return "samsung";
  if (is(/Edg\//)) return "edge";
  // On Android its settings are elsewhere.
  if (is(/Firefox\//)) return is(/Android/) ? "other" : "firefox";
  if (is(/Chrome\//)) return "chrome";
  if (is(/Macintosh.*Safari\//)) return "safari";
  return "other";
}

/** A step of an instruction: what it looks like and what it says. */
export type Step = readonly [picture: Picture, text: keyof Texts];

/** How to allow notifications again that were blocked. */
export const unblocking: { [platform in Platform]: readonly Step[] } = {
  firefox: [["sliders", "address"], ["cross", "firefox"]],
  chrome: [["sliders", "address"], ["toggle", "chrome"]],
  edge: [["lock", "address"], ["choice", "edge"]],
  safari: [["settings", "safari"], ["choice", "safariChoice"]],
  ios: [["settings", "ios"], ["toggle", "iosToggle"]],
  samsung: [["settings", "samsung"], ["toggle", "samsungToggle"]],
  other: [["toggle", "other"]],
};

/** How to put a site on the Home Screen of iOS. */
export const installing: readonly Step[] = [["share", "share"], ["add", "add"], ["home", "open"]];
