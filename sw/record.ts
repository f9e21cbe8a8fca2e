import { leaveAbsent, settled, transact, type RegistrationRecord } from "../js/src/database";
import { StoreRegistrations } from "../js/src/wire.gen";
import { scope } from "./scope";

/**
 * Puts what `change` makes of the record of our scope. False where there is none,
 * or not even a database: then nothing is kept.
 */
export const changeRecord = (change: (record: RegistrationRecord) => RegistrationRecord): Promise<boolean> =>
  transact(StoreRegistrations, "readwrite", leaveAbsent, async (store) => {
    const record = await settled(store.get(scope()) as IDBRequest<RegistrationRecord | undefined>);
    if (record) await settled(store.put(change(record), scope()));
    return !!record;
  }).catch((error: Error) => {
    if (error.name === "AbortError") return false;
    throw error;
  });
