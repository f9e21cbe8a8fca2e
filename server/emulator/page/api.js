/**
 * @typedef {object} Push see Push in server/emulator
 * @property {number} id
 * @property {number} seq
 * @property {string} time
 * @property {string} [subscription]
 * @property {string} [as]
 * @property {number} ttl
 * @property {string} urgency
 * @property {string} [topic]
 * @property {number} size
 * @property {number} status
 * @property {("status" | "delay" | "lost-answer" | "clock")[]} [faults]
 * @property {boolean} [own]
 * @property {string} [rule]
 * @property {string} [detail]
 * @property {"refused" | "queued" | "delivered" | "acked" | "expired" | "replaced" | "dropped"} state
 * @property {number} [code]
 * @property {string} [answer]
 * @property {number} [ms]
 * @property {string} [text]
 * @property {string} [textError]
 */

/**
 * @typedef {object} Subscription see Subscription in server/emulator
 * @property {string} id
 * @property {string} endpoint
 * @property {"firefox" | "chromium"} browser
 * @property {string} browserID
 * @property {string} [site]
 * @property {string} [applicationServerKey]
 * @property {string} createdAt
 * @property {boolean} connected
 * @property {number} waiting
 * @property {string} [lastPush]
 * @property {"active" | "ended"} state
 * @property {string} [endReason]
 * @property {number} [endCode]
 */

/**
 * @typedef {object} Browser see Browser in server/emulator
 * @property {string} id
 * @property {"firefox" | "chromium"} kind
 * @property {boolean} connected
 * @property {string} since
 * @property {number} subscriptions
 * @property {number} waiting
 */

/**
 * @typedef {object} Fault see Fault in server/emulator
 * @property {"status" | "delay" | "lost-answer" | "clock"} kind
 * @property {string} [subscription]
 * @property {number} [status]
 * @property {number} [retryAfter]
 * @property {number} [delay]
 * @property {number} [ahead]
 * @property {number} count
 */

/**
 * @typedef {object} State see State in server/emulator
 * @property {{online: boolean, connected: number, websocket: string, firefox: Record<string, unknown>, chromium: string[], browsers: Browser[]}} browser
 * @property {Subscription[]} subscriptions
 * @property {Fault[]} faults
 * @property {{as: string}} personality
 * @property {number} next
 */

/**
 * @typedef {object} Rule see Rule in server/emulator
 * @property {string} id
 * @property {string} source
 * @property {string} message
 * @property {string} advice
 * @property {Record<string, {status: number, errno?: number, word?: string, source: string}>} answers by the vendor's name
 */

/**
 * Calls the emulator.
 *
 * @param {string} method
 * @param {string} path
 * @param {object} [body]
 * @returns {Promise<any>} what the JSON holds, undefined where there is none; the error is a sentence for a person
 */
export async function call(method, path, body) {
  const response = await fetch(`api/${path}`, {
    method,
    ...(body && { headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  const answer = text ? JSON.parse(text) : undefined;
  if (!response.ok) throw new Error(answer?.detail ?? `The emulator answered ${response.status}.`);
  return answer;
}
