import type { LastPush } from "../js/src/wire.gen";
import { changeRecord } from "./record";

/** Remembers what a push did, for `pushkit.debug()`; where nothing is kept of this scope, neither is this. Never rejects. */
export const remember = (lastPush: LastPush): Promise<unknown> =>
  changeRecord((record) => ({ ...record, lastPush })).catch(() => {});
