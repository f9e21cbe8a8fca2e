import { leaveAbsent, settled, transact } from "../js/src/database";
import { StoreRegistrations, type LastPush, type Record as RegistrationRecord } from "../js/src/wire.gen";
import { scope } from "./scope";

/** Remembers what a push did, for `pushkit.debug()`; where nothing is kept of this scope, neither is this. Never rejects. */
export const remember = (lastPush: LastPush): Promise<unknown> =>
  transact(StoreRegistrations, "readwrite", leaveAbsent, async (store) => {
    const record = await settled(store.get(scope()) as IDBRequest<RegistrationRecord | undefined>);
    if (record) await settled(store.put({ ...record, lastPush }, scope()));
  }).catch(() => {});
