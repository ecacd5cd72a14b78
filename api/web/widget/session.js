/**
 * One shopper's conversation as this browser knows it: opens or resumes it, keeps the log folded, sends through
 * the outbox, remembers what must survive a reload. No DOM; `onChange` says when something to show has changed.
 *
 * @typedef {import('../shared/wire.js').LogEvent} LogEvent
 * @typedef {import('../shared/outbox.js').Item} Item
 * @typedef {{conversation?: string, token?: string, client_id: string, locale: string}} Held  kept in the browser
 */
import { apply, emptyChat } from '../shared/fold.js';
import { Problem, call, clientId } from '../shared/http.js';
import { Outbox, openStore } from '../shared/outbox.js';
import { backoff } from '../shared/stream.js';
import { Wire } from '../shared/wire.js';

const TYPING_EVERY = 3_000;
/** How long the other side's dots stay after a sign of typing. */
export const TYPING_SHOWN = 6_000;

export class Session {
  chat = emptyChat();
  /** @type {'idle' | 'opening' | 'failed' | import('../shared/wire.js').Status} */
  status = 'idle';
  typingUntil = 0;
  /** @type {Wire | null} */ #wire = null;
  /** @type {Promise<void> | null} */ #opening = null;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #retry;
  /** @type {Map<string, {resolve: (value?: any) => void, reject: (reason: any) => void}>} */ #waiting = new Map();
  #failures = 0;
  #typedAt = 0;

  /**
   * @param {object} how
   * @param {string} how.base address of /v1/, with the slash
   * @param {string} how.locale
   * @param {string} how.page origin and path of the shop's page, nothing more
   * @param {string} [how.customer] the shop's word for who is signed in
   * @param {() => void} how.onChange
   */
  constructor(how) {
    this.how = how;
    this.locale = how.locale;
    this.store = openStore();
    this.prefix = `toritsugi:${how.base}:`;
    this.outbox = new Outbox({
      key: `${this.prefix}outbox`,
      storage: this.store,
      send: (item) => this.#send(item),
      onSent: (item, result) => this.#sent(item, result),
      onChange: () => this.#outboxChanged(),
    });
    globalThis.addEventListener('storage', this.#elsewhere);
    globalThis.addEventListener('online', this.#back);
    globalThis.addEventListener('focus', this.#back);
    globalThis.addEventListener('offline', how.onChange);
  }

  stop() {
    globalThis.removeEventListener('storage', this.#elsewhere);
    globalThis.removeEventListener('online', this.#back);
    globalThis.removeEventListener('focus', this.#back);
    globalThis.removeEventListener('offline', this.how.onChange);
    this.outbox.stop();
    clearTimeout(this.#retry);
    this.#wire?.stop();
  }

  /** @returns {Held | null} */
  get held() {
    try {
      return JSON.parse(this.store.getItem(`${this.prefix}open`) ?? 'null');
    } catch {
      return null;
    }
  }

  get draft() {
    return this.store.getItem(`${this.prefix}draft`) ?? '';
  }

  set draft(text) {
    if (text) this.store.setItem(`${this.prefix}draft`, text);
    else this.store.removeItem(`${this.prefix}draft`);
  }

  /** seq up to which the shopper has seen it */
  get read() {
    return Number(this.store.getItem(`${this.prefix}read`) ?? 0);
  }

  set read(seq) {
    if (seq > this.read) this.store.setItem(`${this.prefix}read`, String(seq));
  }

  get unread() {
    const from = this.read;
    return this.chat.events.filter(
      (event) => event.seq > from && event.type === 'message' && event.from !== 'shopper',
    ).length;
  }

  /** Opens a conversation or resumes the one this browser holds; settles when the log is here or it failed. */
  open() {
    this.#opening ??= this.#open().finally(() => (this.#opening = null));
    return this.#opening;
  }

  /** @returns {Promise<void>} */
  async #open() {
    if (this.#wire) return;
    clearTimeout(this.#retry);
    this.#say('opening');
    try {
      const held = await this.#conversation();
      const wire = this.#wireTo(held);
      await wire.intake.catchUp();
      this.#wire = wire;
      wire.start();
      this.#failures = 0;
      this.how.onChange();
      void this.outbox.flush();
    } catch (error) {
      const problem = error instanceof Problem ? error : new Problem(0, 'unreachable', String(error));
      if (problem.status === 404 || problem.status === 401) {
        this.#forget();
        if (this.#failures++ === 0) return this.#open();
      }
      this.#say('failed');
      const pause = Math.max(problem.retryAfter ?? 0, backoff(++this.#failures, Math.random()));
      this.#retry = setTimeout(() => void this.open(), pause);
    }
  }

  /** The held conversation, or a new one: one a browser, even when two tabs open at once. @returns {Promise<Held>} */
  async #conversation() {
    const held = this.held;
    if (held?.conversation) return held;
    const work = async () => {
      const now = this.held ?? { client_id: clientId(), locale: this.locale };
      if (now.conversation) return now;
      this.#hold(now); // before the first try: a repeated opening returns the same conversation
      const { base, page, customer } = this.how;
      const body = { client_id: now.client_id, locale: now.locale, page };
      /** @param {any} more */
      const open = (more) => call(`${base}conversations`, { body: { ...body, ...more } });
      // a shop's word that has expired must not keep its customer out
      const made = await (customer ? open({ customer }).catch((no) => (no.field === 'customer' ? open({}) : Promise.reject(no))) : open({}));
      const kept = { ...now, conversation: made.conversation, token: made.token };
      this.#hold(kept);
      for (const event of made.messages) this.#take(event);
      return kept;
    };
    return navigator.locks ? navigator.locks.request(`${this.prefix}open`, work) : work();
  }

  /** @param {Held} held */
  #hold(held) {
    this.store.setItem(`${this.prefix}open`, JSON.stringify(held));
  }

  /** @param {Held} held */
  #wireTo(held) {
    const url = `${this.how.base}conversations/${held.conversation}`;
    const headers = { authorization: `Bearer ${held.token}` };
    return new Wire({
      name: `${this.prefix}${held.conversation}`,
      cursor: this.chat.seq,
      connect: (after, signal) => fetch(`${url}/events?after=${after}`, { headers, signal, cache: 'no-store' }),
      fetchSince: async (after) => {
        /** @type {LogEvent[]} */
        const events = [];
        for (;;) {
          const page = await call(`${url}/messages?after=${events.at(-1)?.seq ?? after}`, { headers });
          events.push(...page.messages);
          if (!page.more) return events;
        }
      },
      onEvent: (event) => this.#take(event),
      onSignal: (signal) => this.#signal(signal),
      onStatus: (status) => {
        if (status === 'refused') void this.#lost();
        else this.#say(status);
      },
    });
  }

  /** @param {LogEvent} event */
  #take(event) {
    this.chat = apply(this.chat, event);
    if (event.type === 'message' && event.from === 'agent') this.typingUntil = 0;
    this.how.onChange();
  }

  /** @param {any} signal */
  #signal(signal) {
    if (signal.type !== 'typing' || signal.from === 'shopper') return;
    this.typingUntil = Date.now() + TYPING_SHOWN;
    this.how.onChange();
  }

  /** @param {Session['status']} status */
  #say(status) {
    if (this.status === status) return;
    this.status = status;
    this.how.onChange();
  }

  /** The server no longer knows the conversation: begin anew, keep what was written. */
  #lost() {
    this.#forget();
    return this.open();
  }

  #forget() {
    this.#wire?.stop();
    this.#wire = null;
    this.chat = emptyChat();
    this.store.removeItem(`${this.prefix}open`);
    this.store.removeItem(`${this.prefix}read`);
  }

  /** A new conversation in place of this one. */
  restart() {
    this.#forget();
    return this.open();
  }

  /** Tries at once whatever waits. */
  retry() {
    if (!this.#wire) void this.open();
    else void this.#wire.catchUp();
    return this.outbox.retry();
  }

  #back = () => {
    if (this.status === 'failed') void this.open();
    if (this.outbox.items.some((item) => item.state === 'waiting')) void this.outbox.flush();
  };

  /** @param {StorageEvent} event */
  #elsewhere = (event) => {
    if (event.key === `${this.prefix}outbox`) this.outbox.reload();
    else if (event.key === `${this.prefix}open`) this.#adopt();
    else if (event.key === `${this.prefix}read`) this.how.onChange();
  };

  /** Another tab began a new conversation: follow it. */
  #adopt() {
    const held = this.held;
    if (!this.#wire || !held?.conversation || this.#wire.how.name.endsWith(`:${held.conversation}`)) return;
    this.#wire.stop();
    this.#wire = null;
    this.chat = emptyChat();
    void this.open();
  }

  /** @param {Item} item */
  async #send(item) {
    if (!this.held?.conversation) await this.open();
    try {
      return await this.#post(item);
    } catch (error) {
      const gone = error instanceof Problem && (error.status === 404 || error.status === 401);
      if (!gone) throw error;
      await this.#lost();
      if (item.action !== 'messages' && item.action !== 'contact') throw error;
      return this.#post(item);
    }
  }

  /** @param {Item} item */
  #post(item) {
    const held = this.held;
    if (!held?.conversation) throw new Problem(0, 'unreachable');
    return call(`${this.how.base}conversations/${held.conversation}/${item.action}`, {
      body: { client_id: item.client_id, ...item.body },
      headers: { authorization: `Bearer ${held.token}` },
    });
  }

  /** @param {Item} item @param {{seq?: number}} result */
  #sent(item, result) {
    this.#waiting.get(item.client_id)?.resolve(result);
    this.#waiting.delete(item.client_id);
    // a mute line: what we wrote must come back, or we fetch it
    setTimeout(() => {
      if (this.#wire && (result?.seq ?? 0) > this.chat.seq) void this.#wire.catchUp();
    }, 2_000);
  }

  #outboxChanged() {
    for (const item of this.outbox?.items ?? []) {
      if (item.state !== 'refused') continue;
      const asked = this.#waiting.get(item.client_id);
      asked?.reject(item);
      this.#waiting.delete(item.client_id);
      // what someone wrote stays until they throw it away; the form still holds what it was refused for
      const written = item.action === 'messages' || (item.action === 'contact' && !asked);
      if (!written) queueMicrotask(() => this.outbox.drop(item.client_id));
    }
    this.how.onChange();
  }

  /** @param {string} text @returns {boolean} false when too much is waiting already */
  say(text) {
    return this.outbox.add('messages', { text }, this.chat.seq) !== null;
  }

  /**
   * Any other write of the shopper's.
   * @param {'choose' | 'handover' | 'return' | 'feedback' | 'rating' | 'contact' | 'close'} action
   * @param {any} [body]
   * @returns {Promise<any>} settles when the server has answered, which may be after a reload; rejects with the
   *          refused item
   */
  act(action, body = {}) {
    const item = this.outbox.add(action, body, this.chat.seq);
    if (!item) return Promise.reject(new Problem(429, 'too_many_waiting'));
    return new Promise((resolve, reject) => this.#waiting.set(item.client_id, { resolve, reject }));
  }

  /** @param {string} action whether such a write has not been confirmed yet */
  pending(action) {
    return this.outbox.items.some((item) => item.action === action && item.state !== 'refused');
  }

  /** Tells the other side that the shopper is typing; at most once in three seconds, and never in the way. */
  typing() {
    const held = this.held;
    if (!held?.conversation || this.status !== 'live' || Date.now() - this.#typedAt < TYPING_EVERY) return;
    this.#typedAt = Date.now();
    call(`${this.how.base}conversations/${held.conversation}/typing`, {
      body: {}, headers: { authorization: `Bearer ${held.token}` }, timeout: 5_000,
    }).catch(() => {});
  }

  /** @param {string} text @param {AbortSignal} signal @returns {Promise<{entry: string, question: string}[]>} */
  async suggest(text, signal) {
    try {
      const found = await call(`${this.how.base}suggestions`, { body: { text }, signal, timeout: 4_000 });
      return found.questions ?? [];
    } catch {
      return [];
    }
  }
}
