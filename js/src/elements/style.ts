/**
 * The look of all elements. Colours are the system's own, which follow the
 * page's color-scheme and a person's forced colours; only the accent is ours,
 * readable on light and dark. A long word of large letters is broken where it
 * would be cut off else. Pictures of browsers' windows are mirrored where one
 * reads from right to left, as those are.
 */
const css = `
:host {
  --pk-accent: var(--pushkit-accent, #4f46e5);
  --pk-on-accent: var(--pushkit-on-accent, #fff);
  --pk-background: var(--pushkit-background, Canvas);
  --pk-text: var(--pushkit-text, CanvasText);
  --pk-border: var(--pushkit-border, GrayText);
  --pk-radius: var(--pushkit-radius, .75rem);
  box-sizing: border-box;
  color: var(--pk-text);
  font: var(--pushkit-font, 1rem/1.5 system-ui, sans-serif);
  text-align: start;
  overflow-wrap: anywhere;
}
:host(:not([state])) { visibility: hidden }
:host([hidden]), [hidden] { display: none !important }
* { box-sizing: border-box; margin: 0 }
button {
  max-inline-size: 100%;
  display: inline-flex;
  align-items: center;
  justify-content: center;
  gap: .5em;
  min-block-size: 44px;
  min-inline-size: 44px;
  padding: .5em 1em;
  border: 1px solid var(--pk-border);
  border-radius: var(--pk-radius);
  background: var(--pk-background);
  color: inherit;
  font: inherit;
  font-weight: 600;
  cursor: pointer;
}
button:hover { text-decoration: underline }
button[aria-disabled=true] { cursor: progress; text-decoration: none }
.primary { border-color: var(--pk-accent); background: var(--pk-accent); color: var(--pk-on-accent) }
:focus-visible { outline: 3px solid var(--pushkit-focus, var(--pk-text)); outline-offset: 2px }
.card {
  padding: 1rem;
  border: 1px solid var(--pk-border);
  border-radius: var(--pk-radius);
  background: var(--pk-background);
  color: var(--pk-text);
  box-shadow: 0 .5rem 2rem #0004;
}
.stack { display: grid; grid-template-columns: minmax(0, 1fr); gap: .75rem; justify-items: start }
.stack > * { max-inline-size: 100% }
.row { display: flex; flex-wrap: wrap; gap: .5rem }
.title { font-weight: 700 }
svg { flex: none; fill: none; stroke: currentColor; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round; overflow: visible }
li svg { stroke-width: 1.5 }
.accent { stroke: LinkText; stroke-width: 2.5 }
ol { display: grid; gap: .75rem; padding-inline-start: 1.25em }
li svg { display: block; margin-block-start: .4rem }
[dir=rtl] li svg { transform: scaleX(-1) }
.heard { position: absolute; inline-size: 1px; block-size: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
`;

const sheets = new Map<string, CSSStyleSheet>();

function sheetOf(text: string): CSSStyleSheet {
  const made = sheets.get(text) ?? new CSSStyleSheet();
  if (!sheets.has(text)) made.replaceSync(text);
  sheets.set(text, made);
  return made;
}

/** Gives a shadow root the look of all elements, and its own. */
export function dress(root: ShadowRoot, own: string): void {
  if ("adoptedStyleSheets" in root) {
    root.adoptedStyleSheets = [sheetOf(css), sheetOf(own)];
    return;
  }
  // Browsers of before 2023: where the page's style-src forbids inline styles,
  // the elements are plain there.
  const style = document.createElement("style");
  style.textContent = css + own;
  (root as ShadowRoot).append(style);
}
