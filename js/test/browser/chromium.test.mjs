import { walkThePath } from "./path.mjs";

walkThePath("chromium");
