// The file of the server's that the npm package loads. It alone knows the names
// of the files behind it: an older package, or a newer, finds those of this server.
import type { Client, Exec } from "./exec";
import { ServerUnreachable } from "./wire.gen";

/** Starts Go's client. Should it ever end, `ended` is called, which throws. */
export async function start(ended: (thrown: unknown) => never): Promise<Client> {
  const [exec, response] = await Promise.all([
    // With this file's own fragment: what imports it changes that with each attempt.
    import(new URL(PUSHKIT_EXEC + new URL(import.meta.url).hash, import.meta.url).href) as Promise<Exec>,
    fetch(new URL(PUSHKIT_WASM, import.meta.url)),
  ]).catch((cause) => {
    throw { code: ServerUnreachable, cause };
  });
  return exec.start(response, ended);
}
