// In the npm package npm/client.ts is in the place of this.
import { unreachable } from "./error";
import type { Client, Exec } from "./exec";

let loading: Promise<Client> | undefined;
let attempts = 0;

/** Loads Go's client once; `base` is the address of the loader, beside which its files are. */
export const loadClient = (base: string): Promise<Client> => (loading ??= start(base).catch(forget));

/** Lets the next call load anew. */
function forget(thrown: unknown): never {
  loading = undefined;
  throw thrown;
}

async function start(base: string): Promise<Client> {
  const [exec, response] = await Promise.all([
    // Browsers remember for an address that its import failed, while the page lives.
    import(`${new URL(PUSHKIT_EXEC, base)}#${attempts++}`) as Promise<Exec>,
    fetch(new URL(PUSHKIT_WASM, base)),
  ]).catch(unreachable);
  return exec.start(response, forget);
}
