import type { Texts } from "./type";

/** Loads the texts of a language other than English, from the file beside the elements'. */
export const load = async (lang: string): Promise<Texts> =>
  (await import(new URL(`pushkit-elements.${lang}.js`, import.meta.url).href)).default;
