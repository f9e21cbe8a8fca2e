/**
 * The page's element with this id.
 *
 * @template {HTMLElement} [T=HTMLElement]
 * @param {string} id
 * @returns {T}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return /** @type {T} */ (found);
}

/**
 * Makes an element. Texts become text nodes, so that nothing that was pushed is read as HTML.
 *
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} name
 * @param {Record<string, string | boolean | undefined>} attributes true: without a value; false or undefined: absent
 * @param {...(Node | string | undefined | false)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function make(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/**
 * Makes a button.
 *
 * @param {string} text
 * @param {() => unknown} act
 * @param {Record<string, string>} [attributes]
 */
export function button(text, act, attributes = {}) {
  const element = make("button", { type: "button", ...attributes }, text);
  element.addEventListener("click", act);
  return element;
}

/** @type {ReturnType<typeof setTimeout> | undefined} */
let noticeTimer;

/**
 * Says what an action has led to, to eyes and to screen readers.
 *
 * @param {string} text
 * @param {boolean} [failed]
 */
export function notice(text, failed = false) {
  const line = byId("notice");
  line.textContent = text;
  line.classList.toggle("failed", failed);
  line.hidden = false;
  clearTimeout(noticeTimer);
  // A failure stays until something else happens.
  if (!failed) noticeTimer = setTimeout(() => (line.hidden = true), 6000);
}

/**
 * Makes a button that copies a text.
 *
 * @param {string} text
 * @param {string} what is copied, for its name
 */
export function copyButton(text, what) {
  return button(
    "Copy",
    () =>
      navigator.clipboard.writeText(text).then(
        () => notice(`Copied: ${what}.`),
        () => notice(`The browser does not let this page copy: ${text}`, true),
      ),
    { class: "small", "aria-label": `Copy ${what}` },
  );
}

/**
 * Makes a list hold these elements in this order, and leaves those alone that are in their place, so that focus and
 * selection stay.
 *
 * @param {HTMLElement} list
 * @param {HTMLElement[]} items
 */
export function arrange(list, items) {
  const wanted = new Set(items);
  for (const child of [...list.children]) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
  items.forEach((item, i) => {
    if (list.children[i] !== item) list.insertBefore(item, list.children[i] ?? null);
  });
}
