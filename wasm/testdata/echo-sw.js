// Sends back what it gets, as a message to the page.
addEventListener("message", (event) => event.source.postMessage(event.data));
