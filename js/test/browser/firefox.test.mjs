import { walkThePath } from "./path.mjs";

walkThePath("firefox");
