/**
 * What pushkit keeps in a page's IndexedDB; nothing where there is no database, which is not made by this.
 *
 * @param {{evaluate: <T>(work: (store: string) => T, store: string) => Promise<Awaited<T>>}} page
 * @param {"registrations" | "events"} store
 * @returns {Promise<any[]>}
 */
export function stored(page, store) {
  return page.evaluate(
    (store) =>
      /** @type {Promise<any[]>} */ (
        new Promise((resolve, reject) => {
          const opening = indexedDB.open("pushkit");
          opening.onupgradeneeded = () => {
            opening.onerror = () => resolve([]);
            opening.transaction?.abort();
          };
          opening.onerror = () => reject(opening.error);
          opening.onsuccess = () => {
            const reading = opening.result.transaction(store).objectStore(store).getAll();
            reading.onsuccess = () => resolve(reading.result);
            reading.onerror = () => reject(reading.error);
            opening.result.close();
          };
        })
      ),
    store,
  );
}
