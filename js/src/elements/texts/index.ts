import en from "./en";
import { load } from "./load";
import type { Texts } from "./type";

export type { Texts };

const languages = PUSHKIT_LANGUAGES.split(" ");
const packs = new Map<string, Promise<Texts>>([["en", Promise.resolve(en)]]);
const replaced = new Map<string, Partial<Texts>>();

/**
 * Puts a site's own texts in the place of ours: for one language, which may be a
 * new one, or for all. Call it right after the import.
 */
export function replaceTexts(texts: Partial<Texts>, lang = ""): void {
  replaced.set(lang, { ...replaced.get(lang), ...texts });
}

/** The primary language of a BCP 47 tag, where there are texts in it. */
export function languageOf(tag: string): string {
  const [primary = ""] = tag.toLowerCase().split("-");
  return languages.includes(primary) || replaced.has(primary) ? primary : "en";
}

/** Loads the texts for a BCP 47 tag, English where there are none or they cannot be loaded. */
export async function textsFor(tag: string): Promise<Texts> {
  const lang = languageOf(tag);
  if (!packs.has(lang) && languages.includes(lang)) {
    const pack = load(lang);
    packs.set(lang, pack);
    // The next element tries again.
    pack.catch(() => packs.delete(lang));
  }
  const pack = await (packs.get(lang) ?? packs.get("en")!).catch(() => en);
  return { ...pack, ...replaced.get(""), ...replaced.get(lang) };
}
