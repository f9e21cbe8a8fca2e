importScripts("https://push.example.com/pushkit-sw.js");
