import { pushkit } from "../pushkit.js";
import "../pushkit-check.js";

pushkit.init({ server: new URL("..", location.href), serviceWorker: "../pushkit-sw.js", scope: "./" });
