import { tryTheElements } from "./elements.mjs";

tryTheElements("chromium");
