import { pushkit } from "https://push.example.com/pushkit.js";
import "https://push.example.com/pushkit-elements.js";

pushkit.init({ server: "https://push.example.com", serviceWorker: new URL("pushkit-sw.js", import.meta.url) });
