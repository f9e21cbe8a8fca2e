// Loads the program, and runs it in each click.
const status = document.getElementById("status");
const button = document.getElementById("subscribe");

const program = await WebAssembly.compileStreaming(fetch("main.wasm"));
status.textContent = "This browser is not subscribed.";
button.disabled = false;

button.onclick = async () => {
  const go = new Go();
  go.argv = ["main", "https://push.example.com"];
  let failed = 0;
  go.exit = (code) => (failed = code);
  await go.run(await WebAssembly.instantiate(program, go.importObject));
  status.textContent = failed ? "That failed: the console says why." : "This browser is subscribed.";
};
