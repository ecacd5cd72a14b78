/**
 * FAQ search beside a conversation, with the engine that the bot uses. Until the agent types a search of their
 * own, it follows the shopper's last words.
 */

const PAUSE = 250;
const LONGEST = 300;

export class Faq {
  text = '';
  /** @type {any[]} */ hits = [];
  /** @type {'idle' | 'busy' | 'ready' | 'failed'} */ status = 'idle';
  /** @type {any} */ problem = null;
  chosen = 0;
  own = false;
  /** @type {string | null} */ #conversation = null;
  /** What the hits were found with. */
  #found = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;
  /** @type {AbortController | null} */ #running = null;

  /** @param {import('../staff/api.js').Api} api @param {() => void} onChange */
  constructor(api, onChange) {
    this.api = api;
    this.onChange = onChange;
  }

  /** @param {string} conversation @param {string} words the shopper's last */
  follow(conversation, words) {
    if (conversation !== this.#conversation) this.own = false;
    this.#conversation = conversation;
    if (this.own) return;
    this.text = words.slice(0, LONGEST);
    this.search();
  }

  /** @param {string} text typed by the agent; empty follows the shopper again */
  type(text) {
    this.own = true;
    this.text = text;
    this.status = 'busy';
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.search(), PAUSE);
    this.onChange();
  }

  /** @param {number} step */
  move(step) {
    if (!this.hits.length) return;
    this.chosen = (this.chosen + step + this.hits.length) % this.hits.length;
    this.onChange();
  }

  async search() {
    clearTimeout(this.#timer);
    const text = this.text.trim();
    if (text && text === this.#found) {
      this.#running?.abort();
      this.status = 'ready';
      return this.onChange();
    }
    this.#running?.abort();
    if (!text) {
      this.hits = [];
      this.#found = '';
      this.status = 'idle';
      return this.onChange();
    }
    const run = new AbortController();
    this.#running = run;
    this.status = 'busy';
    this.onChange();
    try {
      const answer = await this.api.post('/entries/search', { text }, run.signal);
      if (run.signal.aborted) return;
      this.hits = answer.hits.slice(0, 9);
      this.#found = text;
      this.chosen = 0;
      this.status = 'ready';
      this.problem = null;
    } catch (problem) {
      if (run.signal.aborted) return;
      this.status = 'failed';
      this.problem = problem;
    }
    this.onChange();
  }
}
