import { until } from "./until.mjs";

const prompt = `PopupNotifications.getNotification("web-notifications", gBrowser.selectedBrowser)`;
const element = `document.querySelector("#notification-popup popupnotification#web-notifications-notification")`;

/**
 * Firefox's permission prompt for notifications, of the tab in front. Seen in Firefox 153:
 * - It opens only in a user gesture, headless too. Its buttons are "Allow" and "Always Block", and Escape is "Always Block".
 * - A click beside it does not close it, and requestPermission() does not settle while it is there.
 * - It goes without an answer, and requestPermission() gives "default", when the browser removes it, as it does when the
 *   page asks once more. Firefox forgets both when the page is left or loaded again.
 * - The preference permissions.desktop-notification.notNow.enabled (off by default) makes the second button "Not now":
 *   "default", and in this tab no further prompt, but "default" at once.
 */
export class PermissionPrompt {
  #firefox;

  /** @param {import("./firefox.mjs").Firefox} firefox */
  constructor(firefox) {
    this.#firefox = firefox;
  }

  /** Awaits the prompt. */
  async open() {
    await until(() => this.isOpen(), "permission prompt");
  }

  /** @returns {Promise<boolean>} */
  isOpen() {
    return this.#firefox.evaluateInChrome(`Boolean(${prompt} && PopupNotifications.isPanelOpen && ${element}?.button)`);
  }

  /** Clicks "Allow", as a person does. */
  allow() {
    return this.#answer(`${element}.button.click()`);
  }

  /** Clicks "Always Block", as a person does. */
  deny() {
    return this.#answer(`${element}.secondaryButton.click()`);
  }

  /** Makes the prompt go without an answer, as the browser does; no button of Firefox's does it. */
  dismiss() {
    return this.#answer(`PopupNotifications.remove(${prompt}, true)`);
  }

  /** @param {string} how */
  async #answer(how) {
    await this.open();
    // Firefox takes no answer while its window is not active, and activates it instead: then it is given again.
    await until(async () => {
      if (!(await this.isOpen())) return true;
      await this.#firefox.evaluateInChrome(`(() => { ${how}; })()`);
      return false;
    }, "end of the permission prompt");
  }
}
