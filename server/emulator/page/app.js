// The emulator's page: it asks for changes by two long polls, one for the pushes and one for all else.
import { call } from "./api.js";
import { BrowserList } from "./browsers.js";
import { DeliverForm } from "./deliver.js";
import { byId } from "./dom.js";
import { FaultList } from "./faults.js";
import { PersonalityChoice } from "./personality.js";
import { PushLog } from "./pushes.js";
import { SubscriptionList } from "./subscriptions.js";

/** How long a poll waits, in seconds. */
const wait = 30;
/** The least time from one answer to the next question, in ms: many changes at once are shown together. */
const pause = 100;
/** How long until an emulator that did not answer is asked again, in ms. */
const retry = 1000;

/** @param {boolean} live */
function setLink(live) {
  const link = byId("link");
  const text = live ? "Live" : "The emulator does not answer";
  if (link.textContent !== text) link.textContent = text;
  link.classList.toggle("good", live);
  link.classList.toggle("bad", !live);
}

/** @param {number} ms */
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/**
 * Asks for changes for ever. After a failure it asks for everything, since the emulator may have been started anew and
 * counts from 1 again.
 *
 * @param {string} path
 * @param {(answer: any, everything: boolean) => void} show
 */
async function follow(path, show) {
  for (let after = 0, everything = true; ; ) {
    try {
      const answer = await call("GET", `${path}?after=${after}&wait=${everything ? 0 : wait}`);
      show(answer, everything);
      after = answer.next;
      everything = false;
      setLink(true);
      await sleep(pause);
    } catch (error) {
      console.warn(error);
      setLink(false);
      [after, everything] = [0, true];
      await sleep(retry);
    }
  }
}

const log = new PushLog();
const subscriptions = new SubscriptionList((id) => log.showOnly(id));
const browsers = new BrowserList();
const faults = new FaultList();
const personality = new PersonalityChoice();
new DeliverForm();

void follow("state", (state) => {
  subscriptions.show(state.subscriptions);
  log.name(state.subscriptions);
  browsers.show(state.browser);
  personality.show(state.personality);
  faults.show(state.faults, state.subscriptions);
});
void follow("pushes", ({ data }, everything) => log.show(data, everything));
