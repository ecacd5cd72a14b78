/**
 * What arrives, in the order in which it may be shown: once each, without a hole.
 *
 * Events reach a page from the stream, from another tab and from a fetch, doubled and out of step. The intake
 * keeps a cursor: what lies at or before it is dropped; an event whose `prev` lies beyond it means that
 * something is missing, and what is missing is fetched before the event is delivered.
 *
 * @template E
 */
export class Intake {
  #line = Promise.resolve();

  /**
   * @param {object} how
   * @param {number} [how.cursor] where to go on from; 0 is the beginning
   * @param {(event: E) => number} how.cursorOf
   * @param {(event: E) => number | null} how.prevOf null where holes cannot be seen from one event
   * @param {(after: number) => Promise<E[]>} how.fetchSince all events after a cursor, ascending
   * @param {(event: E) => void} how.deliver called once an event, in ascending order
   */
  constructor({ cursor = 0, cursorOf, prevOf, fetchSince, deliver }) {
    this.cursor = cursor;
    this.holes = 0;
    this.cursorOf = cursorOf;
    this.prevOf = prevOf;
    this.fetchSince = fetchSince;
    this.deliver = deliver;
  }

  /**
   * @param {E} event
   * @returns {Promise<void>} settled when it has been delivered or dropped; rejects when a hole could not be
   *          filled (nothing is delivered then, and the cursor stays: the same event may be offered again)
   */
  take(event) {
    return this.#next(async () => {
      if (this.cursorOf(event) <= this.cursor) return;
      const prev = this.prevOf(event);
      if (prev !== null && prev > this.cursor) {
        this.holes += 1;
        for (const missed of await this.fetchSince(this.cursor)) this.#pass(missed);
      }
      this.#pass(event);
    });
  }

  /** Fetches what lies after the cursor; for a page that cannot trust what it was (not) told. */
  catchUp() {
    return this.#next(async () => {
      for (const event of await this.fetchSince(this.cursor)) this.#pass(event);
    });
  }

  /** @param {E} event */
  #pass(event) {
    const at = this.cursorOf(event);
    if (at <= this.cursor) return;
    this.cursor = at;
    this.deliver(event);
  }

  /** @param {() => Promise<void>} work */
  #next(work) {
    const done = this.#line.then(work);
    this.#line = done.catch(() => {});
    return done;
  }
}
