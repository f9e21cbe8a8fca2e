import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { describe, test } from "node:test";
import { load } from "./bundle.mjs";

const folder = "js/src/elements";
const { countVisit, mayAsk, readMemory, scrolled } = await load(`${folder}/rules.ts`);
const { stateOf, reasonText } = await load(`${folder}/state.ts`);
const { installing, platformOf, unblocking } = await load(`${folder}/platform.ts`);

const minute = 60_000;
const day = 24 * 60 * minute;
const now = Date.UTC(2026, 10, 25);

describe("a prompt may be shown", () => {
  const came = { visits: 1, seen: now };
  /** @type {[string, object, object, boolean][]} */
  const cases = [
    ["at the first visit", came, {}, true],
    ["not before the visit that the site names", came, { visits: 2 }, false],
    ["at the visit that the site names", { ...came, visits: 2 }, { visits: 2 }, true],
    ["not a week after \"not now\"", { ...came, later: now - 7 * day + 1 }, {}, false],
    ["a week after \"not now\"", { ...came, later: now - 7 * day }, {}, true],
    ["so many days after \"not now\" as the site names", { ...came, later: now - 30 * day }, { again: 30 }, true],
    ["not earlier", { ...came, later: now - 29 * day }, { again: 30 }, false],
    ["never after a no", { ...came, visits: 99, no: true, later: 1 }, { visits: 1, again: 0 }, false],
  ];
  for (const [name, memory, rules, may] of cases) test(name, () => assert.equal(mayAsk(memory, rules, now), may));
});

describe("a visit", () => {
  test("is all pages that follow each other within half an hour", () => {
    let memory = countVisit(readMemory(null), now);
    assert.deepEqual(memory, { visits: 1, seen: now });
    memory = countVisit(memory, now + 29 * minute);
    memory = countVisit(memory, now + 58 * minute);
    assert.equal(memory.visits, 1);
    assert.equal(countVisit(memory, now + 89 * minute).visits, 2);
  });

  test("keeps what the person has said", () => {
    assert.deepEqual(countVisit({ visits: 1, seen: 0, later: 5, no: true }, now), { visits: 2, seen: now, later: 5, no: true });
  });
});

test("whatever stands in the storage is read", () => {
  const nothing = { visits: 0, seen: 0 };
  for (const text of [null, "", "null", "5", "[]", "{", '{"visits":"2","seen":{},"later":"x"}', '{"visits":null,"no":0}']) {
    assert.deepEqual(readMemory(text), nothing, String(text));
  }
  const memory = { visits: 3, seen: now, later: now, no: true };
  assert.deepEqual(readMemory(JSON.stringify(memory)), memory);
});

test("a page is scrolled from 0 to 100 %, and one without anything to scroll to its end", () => {
  assert.deepEqual([scrolled(0, 500, 1500), scrolled(500, 500, 1500), scrolled(1000, 500, 1500), scrolled(0, 500, 400)], [0, 50, 100, 100]);
});

describe("the state", () => {
  const status = { supported: true, reason: null, permission: "default", subscribed: false, channels: [] };
  /** @type {[string, object, string][]} */
  const cases = [
    ["nothing known", {}, "pending"],
    ["before init()", { status: { ...status, reason: "not-initialized" } }, "pending"],
    ["without init()", { status: { ...status, reason: "not-initialized" }, late: true }, "unsupported"],
    ["no push", { status: { ...status, supported: false, reason: "no-push-manager" } }, "unsupported"],
    ["iOS in a tab", { status: { ...status, supported: false, reason: "ios-needs-install" } }, "install"],
    ["blocked", { status: { ...status, permission: "denied", reason: "permission-denied" } }, "blocked"],
    ["just blocked", { status, failed: "permission-denied" }, "blocked"],
    ["open", { status }, "default"],
    ["asking", { status, doing: "asking" }, "asking"],
    ["busy", { status, doing: "busy", failed: "unexpected" }, "busy"],
    ["closed without an answer", { status, failed: "permission-dismissed" }, "dismissed"],
    ["server away", { status, failed: "server-unreachable" }, "error"],
    ["a change failed", { status: { ...status, subscribed: true }, failed: "server-unreachable" }, "error"],
    ["the browser refuses to tell", { status: { ...status, reason: "unexpected" } }, "error"],
    ["subscribed", { status: { ...status, subscribed: true } }, "subscribed"],
  ];
  for (const [name, known, state] of cases) test(`${name}: ${state}`, () => assert.equal(stateOf(known), state));
});

describe("the browser is told apart, for what a person has to press", () => {
  const chromium = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0 Safari/537.36";
  /** @type {[string, string][]} */
  const cases = [
    ["firefox", "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:153.0) Gecko/20100101 Firefox/153.0"],
    ["other", "Mozilla/5.0 (Android 14; Mobile; rv:153.0) Gecko/153.0 Firefox/153.0"],
    ["chrome", chromium],
    ["edge", `${chromium} Edg/156.0.0.0`],
    ["samsung", "Mozilla/5.0 (Linux; Android 14; SM-S901B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36"],
    ["safari", "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Safari/605.1.15"],
    ["ios", "Mozilla/5.0 (iPhone; CPU iPhone OS 18_4 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.4 Mobile/15E148 Safari/604.1"],
    ["other", "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Safari/605.1.15"],
  ];
  for (const [platform, userAgent] of cases) test(`${platform}: ${userAgent}`, () => assert.equal(platformOf(userAgent), platform));
});

describe("the texts", async () => {
  const { Sentences } = await load("js/test/unit/codes.ts");
  const languages = readdirSync(new URL("../../src/elements/texts/", import.meta.url))
    .map((file) => file.match(/^([a-z]{2})\.ts$/)?.[1] ?? "")
    .filter(Boolean);
  /** @type {Record<string, Record<string, string>>} */
  const texts = {};
  for (const lang of languages) texts[lang] = (await load(`${folder}/texts/${lang}.ts`)).default;
  const english = texts.en ?? {};

  test("are there in at least the six languages that the README names", () => {
    for (const lang of ["en", "es", "de", "fr", "zh", "ar"]) assert.ok(languages.includes(lang), lang);
  });

  for (const lang of languages) {
    test(`in ${lang} lack nothing, and none is left in English`, () => {
      const own = texts[lang] ?? {};
      assert.deepEqual(Object.keys(own).sort(), Object.keys(english).sort());
      assert.equal(own.lang, lang);
      for (const [name, text] of Object.entries(own)) {
        assert.ok(text.trim() && text === text.trim(), name);
        if (lang !== "en" && name !== "dir") assert.notEqual(text, english[name], name);
      }
    });
  }

  test("tell every code of the client", () => {
    for (const code of Object.keys(Sentences)) assert.ok(english[reasonText(code)], code);
    for (const code of ["insecure-context", "no-push-manager", "server-unreachable"]) assert.notEqual(reasonText(code), "site", code);
    assert.equal(reasonText("no-webassembly"), "site");
    assert.equal(reasonText("origin-not-allowed"), "site");
  });

  test("tell every step of the instructions", () => {
    for (const [, text] of [...Object.values(unblocking).flat(), ...installing]) assert.ok(english[text], text);
  });
});

describe("the language", async () => {
  /** @type {any} */ (globalThis).PUSHKIT_LANGUAGES = "de zh";
  const { languageOf, replaceTexts, textsFor } = await load(`${folder}/texts/index.ts`);
  for (const [tag, lang] of [["de", "de"], ["DE-CH", "de"], ["zh-Hant-TW", "zh"], ["nl", "en"], ["", "en"], ["en-GB", "en"]]) {
    test(`${JSON.stringify(tag)} is told in ${lang}`, () => assert.equal(languageOf(tag), lang));
  }
  test("a file that does not come leaves English", async () => {
    assert.equal((await textsFor("de")).lang, "en");
  });
  test("a site's own texts go first: for all languages, for one, and for one that we lack", async () => {
    replaceTexts({ title: "Title", save: "Keep" });
    replaceTexts({ save: "Store" }, "en");
    replaceTexts({ lang: "nl", save: "Bewaren" }, "nl");
    const { title, save } = await textsFor("en");
    assert.deepEqual({ title, save }, { title: "Title", save: "Store" });
    const dutch = await textsFor("nl-BE");
    assert.deepEqual([dutch.lang, dutch.save, dutch.title, dutch.close], ["nl", "Bewaren", "Title", "Close"]);
  });
});
