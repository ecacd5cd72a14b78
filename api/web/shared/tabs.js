/**
 * One tab leads, the others follow: the leader holds the stream and tells the rest what it heard.
 *
 * Leadership is a Web Lock, so it passes on when the leading tab closes, crashes or is thrown away. Where Web
 * Locks or BroadcastChannel are missing (plain http on another host, old browsers) every tab leads itself.
 */
export class Tabs {
  #over = new AbortController();
  /** @type {BroadcastChannel | null} */ #channel = null;
  /** @type {() => void} */ #resign = () => {};

  /**
   * @param {string} name of what is shared; one leader a name and origin
   * @param {object} how
   * @param {() => void} how.onLead this tab leads from now on, until `close`
   * @param {(message: any) => void} how.onMessage what another tab posted
   * @param {LockManager | null} [how.locks]
   * @param {typeof BroadcastChannel | null} [how.Channel]
   */
  constructor(name, how) {
    const locks = how.locks === undefined ? globalThis.navigator?.locks : how.locks;
    const Channel = how.Channel === undefined ? globalThis.BroadcastChannel : how.Channel;
    this.leading = false;
    const lead = () => {
      this.leading = true;
      how.onLead();
    };
    if (!locks || !Channel) {
      queueMicrotask(() => this.#over.signal.aborted || lead());
      return;
    }
    this.#channel = new Channel(name);
    this.#channel.onmessage = (event) => how.onMessage(event.data);
    locks
      .request(name, { signal: this.#over.signal }, () => {
        lead();
        return new Promise((resolve) => (this.#resign = () => resolve(undefined)));
      })
      .catch(() => {});
  }

  /** @param {any} message a structured-cloneable value, to all other tabs */
  post(message) {
    this.#channel?.postMessage(message);
  }

  close() {
    this.#over.abort();
    this.#resign();
    this.#channel?.close();
    this.#channel = null;
    this.leading = false;
  }
}
