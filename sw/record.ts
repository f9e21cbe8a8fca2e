import { settled, transact, type RegistrationRecord } from "../js/src/database";
import { StoreRegistrations } from "../js/src/wire.gen";
import { scope } from "./scope";

/** How long the browser may take to look or write; in ms. */
const StorageTimeout = 5_000;

/**
 * Puts what `change` makes of the record of our scope, and returns it; undefined
 * where there is none, or not even a database: then nothing is kept. Rejects
 * where the browser does not do it, and where it says nothing: Firefox may leave
 * a transaction unsettled whose storage it clears.
 */
export function changeRecord(
  change: (record: RegistrationRecord) => RegistrationRecord,
): Promise<RegistrationRecord | undefined> {
  let absent = false;
  const leave = (_: IDBDatabase, transaction: IDBTransaction): void => {
    absent = true;
    transaction.abort();
  };
  const work = transact(StoreRegistrations, "readwrite", leave, async (store) => {
    const record = await settled(store.get(scope()) as IDBRequest<RegistrationRecord | undefined>);
    if (!record) return;
    const changed = change(record);
    await settled(store.put(changed, scope()));
    return changed;
  }).catch((error) => {
    if (!absent) throw error;
  });
  const late = new Promise<never>((_, reject) => {
    const signal = AbortSignal.timeout(StorageTimeout);
    signal.onabort = () => reject(signal.reason);
  });
  return Promise.race([work as Promise<RegistrationRecord | undefined>, late]);
}
