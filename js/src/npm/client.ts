// ../client.ts for the npm package: Go's client comes from the server that init
// names.
import { unreachable } from "../error";
import type { Client } from "../exec";
import { FileClient } from "../wire.gen";

let server: string;
let loading: Promise<Client> | undefined;
let attempts = 0;

/** Says where Go's client is. */
export const useServer = (address: string): void => void (server = address);

/** Loads Go's client once. */
export const loadClient = (): Promise<Client> => (loading ??= start().catch(forget));

/** Lets the next call load anew. */
function forget(thrown: unknown): never {
  loading = undefined;
  throw thrown;
}

async function start(): Promise<Client> {
  const client: typeof import("../start") = await import(
    // Browsers remember for an address that its import failed, while the page lives.
    /* @vite-ignore */ /* webpackIgnore: true */ `${server}/${FileClient}#${attempts++}`
  ).catch(unreachable);
  return client.start(forget);
}
