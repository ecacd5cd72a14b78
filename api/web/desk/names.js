/** Entries' questions by id: decisions and messages name ids, people read questions. */

export class Names {
  /** @type {Map<string, string>} */ #known = new Map();
  /** @type {Set<string>} */ #asked = new Set();

  /** @param {import('../staff/api.js').Api} api @param {() => void} onChange */
  constructor(api, onChange) {
    this.api = api;
    this.onChange = onChange;
  }

  /** @param {Record<string, string>} names id → question */
  learn(names) {
    for (const [id, question] of Object.entries(names)) this.#known.set(id, question);
  }

  /** @param {string} id @returns {string} the id itself until its question is known */
  of = (id) => this.#known.get(id) ?? id;

  /** @param {string[]} ids */
  want(ids) {
    const missing = [...new Set(ids)].filter((id) => id && !this.#known.has(id) && !this.#asked.has(id)).slice(0, 20);
    for (const id of missing) {
      this.#asked.add(id);
      this.api.get(`/entries/${encodeURIComponent(id)}`).then(
        (answer) => {
          this.learn({ [id]: answer.question });
          this.onChange();
        },
        () => {},
      );
    }
  }
}
