const interval = 20;

/** How long something may take, in ms, where three browsers share two slow cores. No test is to end by it. */
const limit = 30_000;

/**
 * Awaits a condition: asks again until the answer is truthy.
 *
 * @template T
 * @param {() => T | Promise<T>} condition may throw, which counts as not yet; its last error is the cause of the timeout's
 * @param {string} what what is awaited, for the error: "no X within …"
 * @param {number} [timeout] in ms
 * @returns {Promise<Exclude<Awaited<T>, undefined | null | false | 0 | "">>}
 */
export async function until(condition, what, timeout = limit) {
  const end = Date.now() + timeout;
  let cause;
  for (;;) {
    try {
      const answer = await condition();
      if (answer) return /** @type {any} */ (answer);
      cause = undefined;
    } catch (error) {
      cause = error;
    }
    if (Date.now() >= end) throw new Error(`no ${what} within ${timeout} ms`, { cause });
    await new Promise((resolve) => setTimeout(resolve, interval));
  }
}

/**
 * Gives a promise's answer, or an error when it takes longer than the timeout.
 *
 * @template T
 * @param {Promise<T>} promise
 * @param {string} what
 * @param {number} [timeout] in ms
 * @returns {Promise<T>}
 */
export async function within(promise, what, timeout = limit) {
  /** @type {NodeJS.Timeout | undefined} */
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no ${what} within ${timeout} ms`)), timeout);
  });
  try {
    return /** @type {T} */ (await Promise.race([promise, late]));
  } finally {
    clearTimeout(timer);
  }
}
