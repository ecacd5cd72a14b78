/**
 * Writes that the server has not confirmed yet. Each is kept with its client_id before the first try, goes out in
 * order, and is tried again with the same client_id until an answer comes: a page that is closed, offline or cut
 * off in the middle neither loses nor doubles anything. What the server refuses for good stays, marked, until the
 * person sends it again or throws it away.
 *
 * @typedef {object} Item
 * @property {string} client_id
 * @property {string} action what to do, e.g. `messages`; the sender knows where that goes
 * @property {any} body without client_id
 * @property {string} at ISO
 * @property {number} after the last seq seen when it was written
 * @property {number} tries failed ones
 * @property {'waiting' | 'sending' | 'refused'} state
 * @property {string} [code] of the last failure
 * @typedef {Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>} Store
 */
import { Problem, clientId } from './http.js';
import { backoff } from './stream.js';

const MOST = 50;

export class Outbox {
  /** @type {Item[]} */ #items;
  #busy = false;
  #again = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /**
   * @param {object} how
   * @param {string} how.key where it is stored; tabs that share the key share the outbox
   * @param {Store} how.storage
   * @param {(item: Item) => Promise<any>} how.send resolves when the server confirmed; throws a Problem
   * @param {(item: Item, result: any) => void} [how.onSent]
   * @param {() => void} [how.onChange]
   * @param {LockManager | null} [how.locks] keeps two tabs from sending at once; harmless without, as writes repeat
   * @param {() => number} [how.random]
   */
  constructor(how) {
    this.how = how;
    this.#items = this.#read().map((item) => (item.state === 'sending' ? { ...item, state: 'waiting' } : item));
  }

  /** @returns {readonly Item[]} oldest first */
  get items() {
    return this.#items;
  }

  get full() {
    return this.#items.length >= MOST;
  }

  /**
   * @param {string} action @param {any} body @param {number} [after]
   * @returns {Item | null} null when too many are waiting already
   */
  add(action, body, after = 0) {
    this.reload();
    if (this.full) return null;
    /** @type {Item} */
    const item = {
      client_id: clientId(), action, body, at: new Date().toISOString(), after, tries: 0, state: 'waiting',
    };
    this.#write([...this.#items, item]);
    void this.flush();
    return item;
  }

  /** Sends again now, the refused ones included. @param {string} [id] only this one of the refused */
  retry(id) {
    this.#write(
      this.#items.map((item) =>
        item.state === 'refused' && (id === undefined || item.client_id === id) ? { ...item, state: 'waiting' } : item,
      ),
    );
    return this.flush();
  }

  /** @param {string} id */
  drop(id) {
    this.#write(this.#items.filter((item) => item.client_id !== id));
  }

  /** Takes up what another tab wrote. */
  reload() {
    this.#items = this.#read();
    this.how.onChange?.();
  }

  stop() {
    clearTimeout(this.#timer);
  }

  /** Sends what waits, in order; stops at the first that fails for now and comes back to it. */
  async flush() {
    if (this.#busy) {
      this.#again = true;
      return;
    }
    this.#busy = true;
    clearTimeout(this.#timer);
    try {
      const locks = this.how.locks === undefined ? globalThis.navigator?.locks : this.how.locks;
      if (locks) await locks.request(`${this.how.key}:send`, () => this.#sendAll());
      else await this.#sendAll();
    } finally {
      this.#busy = false;
    }
    if (this.#again) {
      this.#again = false;
      await this.flush();
    }
  }

  async #sendAll() {
    for (;;) {
      this.#items = this.#read();
      const item = this.#items.find((each) => each.state !== 'refused');
      if (!item) return;
      this.#put({ ...item, state: 'sending' });
      try {
        const result = await this.how.send(item);
        this.drop(item.client_id);
        this.how.onSent?.(item, result);
      } catch (error) {
        const problem = error instanceof Problem ? error : new Problem(0, 'unreachable', String(error));
        const tries = item.tries + 1;
        this.#put({ ...item, tries, code: problem.code, state: problem.passing ? 'waiting' : 'refused' });
        if (!problem.passing) continue;
        const pause = backoff(tries, (this.how.random ?? Math.random)());
        this.#timer = setTimeout(() => void this.flush(), Math.max(problem.retryAfter ?? 0, pause));
        return;
      }
    }
  }

  /** @param {Item} changed */
  #put(changed) {
    this.#write(this.#items.map((item) => (item.client_id === changed.client_id ? changed : item)));
  }

  /** @param {Item[]} items */
  #write(items) {
    this.#items = items;
    if (items.length) this.how.storage.setItem(this.how.key, JSON.stringify(items));
    else this.how.storage.removeItem(this.how.key);
    this.how.onChange?.();
  }

  /** @returns {Item[]} */
  #read() {
    try {
      const items = JSON.parse(this.how.storage.getItem(this.how.key) ?? '[]');
      return Array.isArray(items) ? items.filter((item) => item?.client_id && item.action) : [];
    } catch {
      return [];
    }
  }
}

/**
 * Which of the waiting messages to show below the log: those whose event has not arrived yet. The event may come
 * before the answer to the POST; the two are matched by text, each event once, so that nothing shows double.
 *
 * @param {readonly Item[]} items @param {import('./wire.js').LogEvent[]} events
 * @param {(item: Item) => string | null} textOf null for what shows nothing
 * @param {'shopper' | 'agent'} [who] whose they are
 */
export function unconfirmed(items, events, textOf, who = 'shopper') {
  const used = new Set();
  return items.filter((item) => {
    const text = textOf(item);
    if (text === null) return false;
    const echo = events.find(
      (event) => event.seq > item.after && event.from === who && event.body.text === text && !used.has(event.seq),
    );
    if (echo && item.state !== 'refused') used.add(echo.seq);
    return !(echo && item.state !== 'refused');
  });
}

/**
 * localStorage; what it refuses (forbidden, full) is kept in a memory that forgets with the page.
 * @param {'localStorage' | 'sessionStorage'} [area]
 * @returns {Store & {lasting: boolean}}
 */
export function openStore(area = 'localStorage') {
  /** @type {Map<string, string>} */
  const held = new Map();
  let store = null;
  try {
    store = globalThis[area];
    store.setItem('toritsugi:probe', '1');
    store.removeItem('toritsugi:probe');
  } catch {
    store = null;
  }
  return {
    lasting: store !== null,
    getItem: (key) => held.get(key) ?? store?.getItem(key) ?? null,
    setItem: (key, value) => {
      try {
        if (!store) throw new Error('no storage');
        store.setItem(key, value);
        held.delete(key);
      } catch {
        held.set(key, value);
      }
    },
    removeItem: (key) => {
      held.delete(key);
      store?.removeItem(key);
    },
  };
}
