import { tryTheElements } from "./elements.mjs";

tryTheElements("firefox");
