// A reporter for node --test: the matrix of cases and browsers, from the results of the tests themselves.

/** The browsers, by the suites of their cases, and why a case of others' is not there. */
const browsers = [
  { name: "Firefox", suite: /^firefox$/, without: "is about what WebKit has alone" },
  { name: "Chromium", suite: /^chromium$/, without: "is about what WebKit has alone" },
  { name: "WebKit", suite: /^WebKit /, without: "needs a push service, which WebKitGTK has not" },
];

/** @typedef {{mark: "✓" | "✗" | "–", why?: string}} Result */

/**
 * @param {AsyncIterable<import("node:test/reporters").TestEvent>} events
 */
export default async function* matrix(events) {
  /** By case and browser. @type {Map<string, Map<string, Result>>} */
  const cases = new Map();
  /** @type {string | undefined} */
  let browser;
  for await (const { type, data } of events) {
    // Node tells one suite after the other, also of files that run at once.
    if (type === "test:start" && data.nesting === 0) browser = browsers.find(({ suite }) => suite.test(data.name))?.name;
    if ((type !== "test:pass" && type !== "test:fail") || data.nesting !== 1 || !browser) continue;
    if (data.skip === "test name does not match pattern") continue;
    const results = cases.get(data.name) ?? new Map();
    cases.set(data.name, results);
    // A name that stands twice has failed if one of the two has.
    if (results.get(browser)?.mark !== "✗") results.set(browser, result(type, data.skip));
  }
  if (cases.size > 0) yield print(cases);
}

/**
 * @param {"test:pass" | "test:fail"} type
 * @param {string | boolean | undefined} skip
 * @returns {Result}
 */
function result(type, skip) {
  if (type === "test:fail") return { mark: "✗" };
  if (skip !== undefined && skip !== false) return { mark: "–", why: String(skip) };
  return { mark: "✓" };
}

/** @param {Map<string, Map<string, Result>>} cases */
function print(cases) {
  const lines = ["", browsers.map(({ name }) => name.padEnd(10)).join("") + "case"];
  for (const [name, results] of cases) {
    const marks = browsers.map((browser) => results.get(browser.name)?.mark ?? "–");
    lines.push(marks.map((mark) => mark.padEnd(10)).join("") + name);
    for (const [browser, { why }] of results) {
      if (why) lines.push(" ".repeat(10 * browsers.length) + `  not in ${browser}: ${why}`);
    }
  }
  for (const { name, without } of browsers) lines.push(`– in ${name}, without a reason beside it: the case ${without}.`);
  return lines.join("\n") + "\n\n";
}
