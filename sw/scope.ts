/** The worker's global scope, which TypeScript's library calls by a wider name. */
export const worker = self as unknown as ServiceWorkerGlobalScope;

/** The worker's scope, under which pages and worker keep their record. */
export const scope = (): string => worker.registration.scope;

/** The open windows of this origin, the last used first, whether this worker controls them or not. */
export const windows = (): Promise<readonly WindowClient[]> =>
  worker.clients.matchAll({ type: "window", includeUncontrolled: true });
