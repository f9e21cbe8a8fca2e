import { PushkitError } from "./error";
import type { Client, Exec } from "./exec";
import { ServerUnreachable } from "./wire.gen";

let loading: Promise<Client> | undefined;

/** Loads Go's client once; `base` is the address of the loader, beside which its files are. */
export function loadClient(base: string): Promise<Client> {
  const forget = (): void => {
    loading = undefined;
  };
  loading ??= start(base, forget);
  loading.catch(forget);
  return loading;
}

async function start(base: string, ended: () => void): Promise<Client> {
  const [exec, response] = await Promise.all([
    import(new URL(PUSHKIT_EXEC, base).href) as Promise<Exec>,
    fetch(new URL(PUSHKIT_WASM, base)),
  ]).catch((cause) => {
    throw new PushkitError(ServerUnreachable, "", cause);
  });
  return exec.start(response, ended);
}
