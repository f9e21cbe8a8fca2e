import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../../harness/until.mjs";
import { Visit } from "../visit.mjs";

/** @param {import("../world.mjs").Page} page */
const isVisible = (page) => page.evaluate(() => document.visibilityState === "visible");

/**
 * @param {() => import("../world.mjs").World} theWorld
 * @param {string} browser
 */
export function clicks(theWorld, browser) {
  /** @param {string} url */
  const pagesAt = async (url) => (await theWorld().browser.pages()).filter((page) => page.url() === url);

  test("a click with no page open opens the one that the notification leads to, and is counted", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { sent, shown } = await visit.notify();
    await visit.end();
    await world.desktop.click(shown);
    const [page] = await until(async () => {
      const pages = await pagesAt(`${visit.origin}/?from=notification`);
      return pages.length > 0 && pages;
    }, "page that the click opened");
    await world.counted(sent.id, { displayed: 1, clicked: 1, closed: 0 });
    await page?.close();
  });

  test("a click focuses the window that is where the notification leads, and opens none", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const there = await Visit.start(world, visit.origin, "/?from=notification");
    // The page last used takes clicks too: the address must go before that.
    await visit.page.bringToFront();
    const front = await world.browser.newPage("about:blank");
    await front.bringToFront();
    // Playwright makes every page of Chromium believe that it is in front.
    if (browser === "firefox") await until(async () => !(await isVisible(there.page)), "page in the background");
    const before = (await world.browser.pages()).length;
    const { sent, shown } = await visit.notify();
    await world.desktop.click(shown);
    await until(() => isVisible(there.page), "page in front");
    await world.counted(sent.id, { clicked: 1, closed: 0 });
    for (const page of [there, visit]) assert.doesNotMatch(await page.text("#log"), /Notification clicked/);
    assert.equal((await world.browser.pages()).length, before);
    await front.close();
    await there.end();
    await visit.end();
  });

  test("a page that listens to clicks is focused and gets the click, without a load", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    await visit.page.evaluate(() => void Object.assign(window, { kept: true }));
    const front = await world.browser.newPage("about:blank");
    await front.bringToFront();
    const { title, sent, shown } = await visit.notify();
    await world.desktop.click(shown);
    await until(async () => (await visit.text("#log")).includes(`Notification clicked: ${title}`), "click in the page's log");
    await until(() => isVisible(visit.page), "page in front");
    assert.equal(await visit.page.evaluate(() => "kept" in window), true);
    assert.equal((await visit.page.evaluate(() => location.search)), "?from=notification");
    await world.counted(sent.id, { clicked: 1, closed: 0 });
    await front.close();
    await visit.end();
  });

  test("a click on a button leads where the button leads", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { sent, shown } = await visit.notify({
      actions: [{ action: "watch", title: "Watch", navigate: `${visit.origin}/?watch` }],
    });
    await visit.end();
    await world.desktop.click(shown, "Watch");
    const [page] = await until(async () => {
      const pages = await pagesAt(`${visit.origin}/?watch`);
      return pages.length > 0 && pages;
    }, "page that the button opened");
    await world.counted(sent.id, { clicked: 1, closed: 0 });
    await page?.close();
  });

  test("a notification that is dismissed is counted as closed, not as clicked", async () => {
    const world = theWorld();
    const visit = await Visit.subscribed(world);
    const { sent, shown } = await visit.notify();
    await world.desktop.dismiss(shown);
    await world.counted(sent.id, { displayed: 1, clicked: 0, closed: 1 });
    await visit.end();
  });
}
