import { LoaderSentences, ServerUnreachable, Unexpected, type Code } from "./wire.gen";

/** What to tell a person about a code that the loader tells; empty for any other. */
export const advice = (code: Code, server?: string): string => (LoaderSentences[code] ?? "").replace("SERVER", () => server!);

/** The only error that pushkit throws, rejects with or gives to `error` events. */
export class PushkitError extends Error {
  /** One of the closed list, or a code of the server, for programs to compare. */
  readonly code: Code;
  /** What lies behind it, where there is something. */
  override readonly cause: unknown;

  constructor(code: Code, detail = "", cause?: unknown, server?: string) {
    super((advice(code, server) + " " + detail).trim() || code);
    this.name = "PushkitError";
    this.code = code;
    this.cause = cause;
  }
}

/** Makes a PushkitError of whatever was thrown, Go's `{code, detail, cause}` among it. */
export function toError(thrown: unknown, server?: string): PushkitError {
  if (thrown instanceof PushkitError) return thrown;
  const { code, detail, message, cause } = Object(thrown);
  // A DOMException has a code too, but a number.
  return typeof code === "string"
    ? new PushkitError(code, detail, cause, server)
    : new PushkitError(Unexpected, message, thrown);
}

/** For a file that does not come; most browsers say which. */
export function unreachable(cause: unknown): never {
  throw new PushkitError(ServerUnreachable, (cause as Error).message, cause);
}
