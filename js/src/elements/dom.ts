// Elements are made by calls, never of text that a parser reads: pages with
// require-trusted-types-for 'script' forbid that.

type Attributes = { [name: string]: string | boolean | undefined | ((event: Event) => void) };

function set(element: Element, attributes: Attributes): void {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value === undefined || value === false) element.removeAttribute(name);
    else element.setAttribute(name, value === true ? "" : value);
  }
}

export type Child = Node | string;

/** Makes an element; a function among its attributes is the listener of the event of that name. */
export function h<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  set(element, attributes);
  element.append(...children);
  return element;
}

/** Changes attributes of an element; one that is undefined or false is removed. */
export const update = (element: Element, attributes: Attributes): void => set(element, attributes);

const SVG = "http://www.w3.org/2000/svg";

/** A drawing of strokes; a path whose data begins with "!" has the accent's colour. */
export function drawing(width: number, height: number, ...paths: string[]): SVGElement {
  const svg = document.createElementNS(SVG, "svg");
  set(svg, { viewBox: `0 0 ${width} ${height}`, width: `${width}`, height: `${height}`, "aria-hidden": "true" });
  for (const data of paths) {
    const path = document.createElementNS(SVG, "path");
    const accent = data.startsWith("!");
    set(path, { d: accent ? data.slice(1) : data, class: accent && "accent" });
    svg.append(path);
  }
  return svg;
}
