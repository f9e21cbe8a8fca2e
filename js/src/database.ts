import {
  DatabaseName,
  DatabaseVersion,
  StoreEvents,
  StoreRegistrations,
  type Record as RegistrationRecord,
} from "./wire.gen";

export type { RegistrationRecord };

/** The result of an IndexedDB request as a promise. */
export const settled = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });

/** Makes the stores of a database that is new. */
export function createStores(database: IDBDatabase): void {
  database.createObjectStore(StoreRegistrations);
  database.createObjectStore(StoreEvents, { autoIncrement: true });
}

/** Leaves a database that is not there so: for readers, which give nothing then. */
export const leaveAbsent = (_: IDBDatabase, transaction: IDBTransaction): void => transaction.abort();

/**
 * Opens the database that page and worker share, makes one transaction on one
 * store and closes it again, so that no connection of ours ever stands in the
 * way of an upgrade. `upgrade` is called where there is no database yet.
 */
export async function transact<T>(
  name: string,
  mode: IDBTransactionMode,
  upgrade: (database: IDBDatabase, transaction: IDBTransaction) => void,
  use: (store: IDBObjectStore) => Promise<T>,
): Promise<T> {
  const opening = indexedDB.open(DatabaseName, DatabaseVersion);
  opening.onupgradeneeded = () => upgrade(opening.result, opening.transaction!);
  const database = await settled(opening);
  try {
    return await use(database.transaction(name, mode).objectStore(name));
  } finally {
    database.close();
  }
}

/**
 * What we remember of a scope; undefined where there is nothing, or where the
 * browser refuses to store. A reader never creates the database: a visitor who
 * did not subscribe keeps a browser without anything of ours.
 */
export const readRecord = (scope: string): Promise<RegistrationRecord | undefined> =>
  transact(StoreRegistrations, "readonly", leaveAbsent, (store) => settled(store.get(scope))).catch(() => undefined);
