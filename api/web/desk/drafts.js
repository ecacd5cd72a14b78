/** What was written and not sent, per conversation; it outlives a reload and a session that ended. */

export class Drafts {
  /** @type {Map<string, any>} */ #held = new Map();

  /** @param {Storage} storage @param {string} user */
  constructor(storage, user) {
    this.storage = storage;
    this.user = user;
  }

  /** @param {string} id @returns {{text: string, note: boolean, entry: string | null, suggested: boolean}} entry: whose words were inserted */
  get(id) {
    if (!this.#held.has(id)) {
      /** @type {any} */ let kept = null;
      try {
        kept = JSON.parse(this.storage.getItem(this.#key(id)) ?? 'null');
      } catch {
        // damaged: an empty field
      }
      this.#held.set(id, { text: '', note: false, entry: null, suggested: false, ...kept });
    }
    return this.#held.get(id);
  }

  /** @param {string} id @param {object} change */
  set(id, change) {
    const draft = { ...this.get(id), ...change };
    this.#held.set(id, draft);
    try {
      if (draft.text) this.storage.setItem(this.#key(id), JSON.stringify(draft));
      else this.storage.removeItem(this.#key(id));
    } catch {
      // full: it lives as long as the page
    }
  }

  /** @param {string} id */
  #key(id) {
    return `toritsugi:desk:draft:${this.user}:${id}`;
  }
}
