// The same object as the module's, as window.pushkit for a classic script.
import { Pushkit } from "./pushkit";

declare global {
  interface Window {
    pushkit: Pushkit;
  }
}

window.pushkit = new Pushkit((document.currentScript as HTMLScriptElement).src);
