import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";

/** What Safari's engine shows where there is nothing of push. @param {() => import("./webkit-world.mjs").WebKitWorld} theWorld */
export function withoutPush(theWorld) {
  test("a browser without push says so, and asks nobody", async () => {
    const visit = await theWorld().visit("/", "granted");
    await visit.says("This browser cannot subscribe here.");
    const { supported, reason, advice, subscribed } = await visit.status();
    assert.deepEqual({ supported, reason, subscribed }, { supported: false, reason: "no-push-manager", subscribed: false });
    assert.equal(await visit.page.text("#advice"), advice);
    assert.match(advice, /cannot receive push/);
    for (const method of /** @type {const} */ (["subscribe", "unsubscribe", "sync"])) {
      assert.equal(await visit.call(method), "no-push-manager", method);
    }
    assert.equal(await visit.loadedWebAssembly(), false);
    // Whoever is asked here says yes.
    assert.equal(await visit.page.evaluate(() => Notification.permission), "default");
    assert.equal(await visit.page.evaluate(async () => (await navigator.serviceWorker.getRegistrations()).length), 0);
    await visit.end();
  });

  test("/check/ says what is missing, and offers nothing that cannot work", async () => {
    const world = theWorld();
    const page = await world.webkit.newPage(`${world.server.url}/check/`);
    const look = () =>
      page.evaluate(() => {
        const root = document.querySelector("pushkit-check")?.shadowRoot;
        const buttons = [...(root?.querySelectorAll("button") ?? [])];
        return { text: root?.textContent ?? "", offered: buttons.filter((button) => !button.hidden).map((button) => button.textContent) };
      });
    await until(async () => (await look()).offered.length > 0, "panel");
    const { text, offered } = await look();
    assert.match(text, /This browser cannot receive push messages\. \(no-push-manager\)/);
    assert.match(text, /No\. The browser takes no messages while the site is closed\./);
    assert.match(text, /Service worker\s*Yes\./);
    assert.deepEqual(offered, ["Copy the report"]);
    await page.close();
  });

  test("a classic script gives the same", async () => {
    const world = theWorld();
    const visit = await world.visit("/classic.html");
    const said = await visit.page.evaluate(async (server) => {
      /** @type {any} */ (window).pushkit.init({ server });
      return (await /** @type {any} */ (window).pushkit.status()).reason;
    }, world.server.url);
    assert.equal(said, "no-push-manager");
    await visit.end();
  });

  test("Go starts, leaves the page's globals alone, and each call ends", async () => {
    const world = theWorld();
    const visit = await world.visit("/bare.html");
    // The loader names the files beside it.
    const loader = await (await fetch(`${world.server.url}/pushkit.js`)).text();
    const [exec, wasm] = [/wasm_exec\.\w+\.js/, /pushkit\.\w+\.wasm/].map((name) => loader.match(name)?.[0]);
    const { ends, globals } = await visit.page.evaluate(
      async (server, exec, wasm) => {
        const before = new Set(Object.getOwnPropertyNames(window));
        const { start } = await import(`${server}/${exec}`);
        // As the loader does it where nothing is lacking.
        const client = await start(await fetch(`${server}/${wasm}`), (/** @type {Error} */ thrown) => {
          throw thrown;
        });
        const permission = Promise.resolve("granted");
        const args = { server, serviceWorker: `${location.origin}/pushkit-sw.js`, scope: `${location.origin}/`, permission, gesture: true };
        /** @type {Record<string, unknown>} */
        const ends = {};
        for (const method of ["subscribe", "unsubscribe", "sync"]) {
          ends[method] = await client[method](args).then(
            (/** @type {{subscribed: boolean}} */ state) => state.subscribed,
            (/** @type {{code: string}} */ { code }) => code,
          );
        }
        return { ends, globals: Object.getOwnPropertyNames(window).filter((name) => !before.has(name)) };
      },
      world.server.url,
      exec,
      wasm,
    );
    assert.deepEqual(ends, { subscribe: "no-push-manager", unsubscribe: "no-push-manager", sync: false });
    assert.deepEqual(globals, []);
    await visit.end();
  });

  for (const { as, file, type } of /** @type {const} */ ([
    { as: "by importScripts", file: "/pushkit-sw.js", type: "classic" },
    { as: "as a module", file: "/module-sw.js", type: "module" },
  ])) {
    test(`a worker that imports ours from the server's origin ${as} becomes active and answers`, async () => {
      const visit = await theWorld().visit("/bare.html");
      const answer = await visit.page.evaluate(
        async (file, type) => {
          await navigator.serviceWorker.register(file, { type });
          const { active } = await navigator.serviceWorker.ready;
          return new Promise((resolve) => {
            const { port1, port2 } = new MessageChannel();
            port1.onmessage = ({ data }) => resolve(data.pushkit);
            active?.postMessage({ pushkit: { type: "ping" } }, [port2]);
          });
        },
        file,
        type,
      );
      assert.equal(answer.type, "pong");
      await visit.end();
    });
  }
}
