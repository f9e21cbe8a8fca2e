import { LoaderSentences, ServerUnreachable, Unexpected, type Code } from "./wire.gen";

let server = "pushkit";

/** Says by which address errors call the server: a page has one. */
export function nameServer(address: string): void {
  server = address;
}

/** What to tell a person about a code that the loader tells; empty for any other. */
export const advice = (code: Code): string => (LoaderSentences[code] ?? "").replace("SERVER", () => server);

/** The only error that pushkit throws, rejects with or gives to `error` events. */
export class PushkitError extends Error {
  /** One of the closed list, or a code of the server, for programs to compare. */
  readonly code: Code;
  /** What lies behind it, where there is something. */
  override readonly cause: unknown;

  constructor(code: Code, detail = "", cause?: unknown) {
    super((advice(code) + " " + detail).trim() || code);
    this.name = "PushkitError";
    this.code = code;
    this.cause = cause;
  }
}

/** Makes a PushkitError of whatever was thrown, Go's `{code, detail, cause}` among it. */
export function toError(thrown: unknown): PushkitError {
  if (thrown instanceof PushkitError) return thrown;
  const { code, detail, message, cause } = Object(thrown);
  // A DOMException has a code too, but a number.
  return typeof code === "string"
    ? new PushkitError(code, detail, cause)
    : new PushkitError(Unexpected, message, thrown);
}

/** For a file of the server's that does not come. */
export function unreachable(cause: unknown): never {
  throw new PushkitError(ServerUnreachable, "", cause);
}
