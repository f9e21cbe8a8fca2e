import assert from "node:assert/strict";
import { test } from "node:test";
import { load } from "./bundle.mjs";

const { parsePayload, readPayload } = await load("sw/payload.ts");

const scope = "https://site.example/app/";
const read = (/** @type {string | undefined} */ json) => readPayload(parsePayload(json), scope);
const notification = (/** @type {object} */ members) => read(JSON.stringify({ web_push: 8030, notification: members }));

/** What is shown for a push that says nothing. */
const nothing = {
  title: "site.example",
  options: { tag: "", data: { pushkit: { token: "", navigate: scope, actions: [] } } },
};

const whole = {
  title: "Goal!",
  body: "2:1",
  navigate: "https://site.example/live",
  icon: "https://site.example/i.png",
  image: "https://site.example/m.png",
  badge: "https://site.example/b.png",
  tag: "match",
  lang: "en",
  dir: "rtl",
  actions: [
    { action: "watch", title: "Watch", icon: "https://site.example/w.png", navigate: "https://site.example/watch" },
    { action: "mute", title: "Mute" },
  ],
  requireInteraction: true,
  vibrate: [100, 50, 100],
  timestamp: 1700000000000,
  renotify: true,
  silent: true,
  data: { pushkit: { token: "T" }, data: { match: 42 } },
};

test("a whole declaration is shown with all its members", () => {
  assert.deepEqual(read(JSON.stringify({ web_push: 8030, mutable: true, app_badge: 3, notification: whole })), {
    title: "Goal!",
    appBadge: 3,
    close: [],
    options: {
      body: "2:1",
      icon: whole.icon,
      image: whole.image,
      badge: whole.badge,
      tag: "match",
      lang: "en",
      dir: "rtl",
      requireInteraction: true,
      renotify: true,
      // Without vibrate, which nothing silent may have.
      silent: true,
      timestamp: 1700000000000,
      actions: [
        { action: "watch", title: "Watch", icon: "https://site.example/w.png" },
        { action: "mute", title: "Mute" },
      ],
      data: {
        pushkit: { token: "T", navigate: whole.navigate, actions: [{ action: "watch", navigate: "https://site.example/watch" }] },
        data: { match: 42 },
      },
    },
  });
});

test("a push that is no declaration is shown under the site's name", () => {
  const texts = [undefined, "", " ", "hello", "{", "null", "true", "0", '"text"', "[]", "[[]]", "{}", '{"notification":null}'];
  texts.push('{"notification":[]}', '{"notification":"text"}', '{"notification":{"title":""}}', "\u0000\uffff", "x".repeat(1 << 20));
  texts.push("[".repeat(50_000) + "]".repeat(50_000), '{"notification":'.repeat(5_000) + "1" + "}".repeat(5_000));
  for (const text of texts) {
    const { appBadge, close, ...shown } = read(text);
    assert.deepEqual(shown, nothing, text?.slice(0, 40));
    assert.deepEqual([appBadge, close], [undefined, []]);
  }
});

test("a member of a wrong type is left out and the others stay", () => {
  const wrong = [null, true, false, 0, -1, 1.5, "", [], [1], {}, { length: 2 }, [null], "javascript:alert(1)", "http://["];
  for (const name of Object.keys(whole)) {
    for (const value of wrong) {
      // A text that is no address is a fine body, tag or language.
      if (typeof value === "string" && value && /title|body|tag|lang/.test(name)) continue;
      const shown = notification({ ...whole, [name]: value });
      assertShowable(shown);
      if (name === "title") assert.equal(shown.title, "site.example");
      else assert.equal(shown.title, "Goal!");
      if (["icon", "image", "badge", "body", "lang", "dir", "actions"].includes(name)) {
        assert.ok(!(name in shown.options), `${name}: ${JSON.stringify(value)} gave ${JSON.stringify(shown.options[name])}`);
      }
    }
  }
});

test("a click never leads to anything but http(s), and to the scope where nothing is said", () => {
  const cases = {
    "javascript:alert(1)": scope,
    "data:text/html,x": scope,
    "blob:https://site.example/1": scope,
    "http://[": scope,
    "": scope,
    "live?x=1": "https://site.example/app/live?x=1",
    "https://other.example": "https://other.example/",
  };
  for (const [navigate, want] of Object.entries(cases)) {
    assert.equal(notification({ title: "t", navigate }).options.data.pushkit.navigate, want, navigate);
    const [button] = notification({ title: "t", actions: [{ action: "a", title: "A", navigate }] }).options.data.pushkit.actions;
    assert.equal(button?.navigate, want === scope ? undefined : want, navigate);
  }
});

test("the delivery's token is the tag where the site gives none, so that a repeat replaces", () => {
  const data = { pushkit: { token: "T" } };
  assert.equal(notification({ title: "t", data }).options.tag, "T");
  assert.equal(notification({ title: "t", data, tag: "own" }).options.tag, "own");
});

test("renotify without any tag, at which browsers throw, is left out", () => {
  assert.ok(!("renotify" in notification({ title: "t", renotify: true }).options));
});

test("vibrate with silent, at which browsers throw, is left out, and so is what is no vibration", () => {
  const vibration = (/** @type {any} */ members) => notification({ title: "t", ...members }).options.vibrate;
  assert.deepEqual(vibration({ vibrate: [100, 50, 0] }), [100, 50, 0]);
  assert.deepEqual(vibration({ vibrate: [100], silent: false }), [100]);
  for (const wrong of [{ vibrate: [100], silent: true }, { vibrate: 100 }, { vibrate: [-1] }, { vibrate: ["1"] }, { vibrate: [1.5] }, { vibrate: [2 ** 32] }]) {
    assert.equal(vibration(wrong), undefined, JSON.stringify(wrong));
  }
});

test("a time is read as a whole number from 1970 on", () => {
  const time = (/** @type {any} */ timestamp) => notification({ title: "t", timestamp }).options.timestamp;
  assert.deepEqual([0, 1700000000000, -1, 1.5, "1", 1e300].map(time), [0, 1700000000000, undefined, undefined, undefined, undefined]);
});

test("the badge's number is read from either place, as a number or as digits", () => {
  const cases = [[0, 0], [7, 7], ["12", 12], [-1], [1.5], ["x"], [null], [true], [[5]], [{}], ["9".repeat(30)], [1e300]];
  for (const [value, want] of cases) {
    assert.equal(notification({ app_badge: value }).appBadge, want, JSON.stringify(value));
    assert.equal(read(JSON.stringify({ app_badge: value })).appBadge, want, JSON.stringify(value));
  }
});

test("any JSON can be shown", () => {
  const seed = Number(process.env.FUZZ_SEED ?? Date.now() % 1e9);
  const random = generator(seed);
  const names = [...Object.keys(whole), "notification", "pushkit", "token", "action", "app_badge", "__proto__", "toString", "constructor"];
  /** @type {(depth: number) => unknown} */
  const any = (depth) => {
    const kind = Math.floor(random() * (depth ? 8 : 6));
    if (kind === 6) return Array.from({ length: random() * 4 }, () => any(depth - 1));
    if (kind === 7) return object(depth);
    return [null, random() < 0.5, Math.floor(random() * 1e6) - 5e5, "", String.fromCharCode(random() * 65536), "https://site.example/"][kind];
  };
  /** @type {(depth: number) => object} */
  const object = (depth) =>
    JSON.parse(`{${Array.from({ length: random() * 6 }, () => `${JSON.stringify(names[Math.floor(random() * names.length)])}:${JSON.stringify(any(depth - 1))}`)}}`);
  for (let i = 0; i < 5000; i++) {
    const payload = JSON.stringify({ web_push: 8030, ...object(1), notification: object(4) });
    assert.doesNotThrow(() => assertShowable(read(payload)), `FUZZ_SEED=${seed}: ${payload}`);
  }
});

/**
 * Whether each member is of a type that the Notifications API takes.
 * @param {any} shown
 */
function assertShowable({ title, options, appBadge }) {
  assert.ok(typeof title === "string" && title);
  assert.ok(appBadge === undefined || (Number.isSafeInteger(appBadge) && appBadge >= 0));
  for (const [name, value] of Object.entries(options)) {
    const type = { requireInteraction: "boolean", renotify: "boolean", silent: "boolean", actions: "object", data: "object", vibrate: "object", timestamp: "number" }[name] ?? "string";
    assert.equal(typeof value, type, name);
  }
  assert.ok(!options.renotify || options.tag);
  assert.ok(!options.vibrate || (!options.silent && options.vibrate.every((/** @type {any} */ ms) => ms >>> 0 === ms)));
  assert.ok(["ltr", "rtl", undefined].includes(options.dir));
  for (const { action, title, icon } of options.actions ?? []) {
    assert.ok(action && typeof action === "string" && title && typeof title === "string");
    assert.ok(icon === undefined || URL.canParse(icon));
  }
  const { token, navigate, actions } = options.data.pushkit;
  assert.equal(typeof token, "string");
  for (const url of [navigate, ...actions.map((/** @type {any} */ a) => a.navigate)]) assert.match(url, /^https?:\/\//);
}

/**
 * mulberry32: numbers in [0, 1) that a seed repeats.
 * @param {number} seed
 */
function generator(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}
