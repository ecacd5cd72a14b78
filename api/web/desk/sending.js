/** Replies and notes on their way: kept per conversation until the server has confirmed each, in order. */
import { Outbox, unconfirmed } from '../shared/outbox.js';

export class Sending {
  /** @type {Map<string, Outbox>} */ #boxes = new Map();

  /** @param {import('../staff/session.js').Staff} staff @param {Storage} storage this tab's own @param {() => void} onChange */
  constructor(staff, storage, onChange) {
    this.api = staff.api;
    this.storage = storage;
    this.onChange = onChange;
    this.prefix = `toritsugi:desk:out:${staff.user.id}:`;
  }

  /** Goes on with what an earlier page of this tab left unsent. */
  resume() {
    const keys = Array.from({ length: this.storage.length }, (_, at) => this.storage.key(at) ?? '');
    for (const key of keys) if (key.startsWith(this.prefix)) void this.box(key.slice(this.prefix.length)).flush();
  }

  stop() {
    for (const box of this.#boxes.values()) box.stop();
  }

  /** @param {string} id a conversation @returns {Outbox} */
  box(id) {
    let box = this.#boxes.get(id);
    if (!box) {
      const path = `/desk/conversations/${encodeURIComponent(id)}`;
      box = new Outbox({
        key: this.prefix + id,
        storage: this.storage,
        locks: null,
        send: ({ action, body, client_id }) => this.api.post(`${path}/${action}`, { client_id, ...body }),
        onChange: this.onChange,
      });
      this.#boxes.set(id, box);
    }
    return box;
  }

  /** What was written but is not in the log yet. @param {string} id @param {import('../shared/fold.js').Chat} chat */
  pending(id, chat) {
    return unconfirmed(this.box(id).items, chat.events, (item) => item.body.text, 'agent');
  }

  /** @param {string} id @param {'messages' | 'notes'} action @param {any} body @param {number} seq the last one seen @returns {boolean} */
  add(id, action, body, seq) {
    return this.box(id).add(action, body, seq) !== null;
  }
}
