/** Where the reader stands in a thread: it stays at the end while they are there, and never pulls them away. */

const NEAR = 80;

export class Reading {
  /** @type {string | null} */ #of = null;
  #seq = 0;
  #count = 0;
  atEnd = true;
  missed = false;

  /** @param {Element} log */
  scrolled(log) {
    this.atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < NEAR;
    if (this.atEnd) this.missed = false;
  }

  /** After each render. @param {Element | null} log @param {any} open @param {string | null} id */
  drawn(log, open, id) {
    if (!log || open?.status !== 'ready') return;
    const count = log.childElementCount;
    const fresh = id !== this.#of;
    if (fresh || (this.atEnd && (open.chat.seq !== this.#seq || count !== this.#count))) {
      log.scrollTop = log.scrollHeight;
      this.atEnd = true;
      this.missed = false;
    } else if (open.chat.seq > this.#seq && !this.atEnd) this.missed = true;
    this.#of = id;
    this.#seq = open.chat.seq;
    this.#count = count;
  }
}
