import { drawing } from "./dom";

const bell = "M6 17h12l-2-3v-4a4 4 0 0 0-8 0v4zM11 20h2";

/** A bell, crossed out where there is nothing to hear. */
export const bellIcon = (crossed: boolean): SVGElement => drawing(24, 24, bell, ...(crossed ? ["M4 4l16 16"] : []));

const bar = "M6 4h108a5 5 0 0 1 5 5v14a5 5 0 0 1-5 5H6a5 5 0 0 1-5-5V9a5 5 0 0 1 5-5zM32 16h52";
const small = "M6 21h14l-2.5-3v-4a4.5 4.5 0 0 0-9 0v4zM12 25h2";
const row = "M28 16h40";
const toggle = "!M88 7h18a9 9 0 0 1 0 18H88a9 9 0 0 1 0-18zM106 11a5 5 0 0 1 0 10a5 5 0 0 1 0-10z";

/** What a step of an instruction looks like in a browser, roughly. */
export const pictures = {
  /** An address bar, and the settings or permissions icon beside the address. */
  sliders: ["!M10 13h4m4 0h4M15 11v4M10 19h8m4 0h0M19 17v4", bar],
  /** An address bar, and the lock beside the address. */
  lock: ["!M12 15h8v7h-8zM14 15v-2a2 2 0 0 1 4 0v2", bar],
  /** A line of settings with a switch that is on. */
  toggle: [small, row, toggle],
  /** A line of a permission, and the cross that removes it. */
  cross: [small, row, "!M90 11l10 10M100 11l-10 10"],
  /** A window of settings: at the side its pages, and one choice. */
  settings: ["M6 2h108a5 5 0 0 1 5 5v18a5 5 0 0 1-5 5H6a5 5 0 0 1-5-5V7a5 5 0 0 1 5-5zM36 2v28M8 9h18M8 23h18", "!M8 16h18"],
  choice: ["M4 16h60", "!M78 7h38v18H78zM84 16h14m6-2l3 4l3-4"],
  /** Safari's share button. */
  share: ["M8 12H4v16h24V12h-4", "!M16 20V4m-5 5l5-5l5 5"],
  /** Safari's line "Add to Home Screen". */
  add: ["M4 16h44", "!M60 8h16v16H60zM68 12v8m-4-4h8"],
  /** A site's icon among others on the Home Screen. */
  home: ["M4 8h16v16H4zM56 8h16v16H56z", "!M30 8h16v16H30z"],
} as const;

export type Picture = keyof typeof pictures;

export const picture = (name: Picture): SVGElement => drawing(120, 32, ...pictures[name]);
