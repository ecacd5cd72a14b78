/**
 * The wire: what the server appends, delivered to this page once each, in order, without holes, in every tab.
 *
 *   const wire = new Wire({
 *     name: `toritsugi:${conversation}`,                         // tabs that share this name share one stream
 *     connect: (after, signal) => fetch(`${base}/events?after=${after}`, { headers, signal }),
 *     fetchSince: async (after) => [...],                        // all events after a cursor, ascending
 *     onEvent: (event) => …, onSignal: (typing) => …, onStatus: (status, problem) => …,
 *   });
 *   wire.start();  …  wire.stop();
 *
 * Shopper pages keep the defaults: the cursor is `seq`, holes are seen by `prev`. The console's one stream of
 * many conversations passes `cursorOf: (e) => e.position, prevOf: () => null` and a fetchSince that loads GET
 * /desk anew (returning [] is right where the page itself refetches).
 *
 * @typedef {import('./stream.js').Status} Status
 * @typedef {object} LogEvent  an event of the contract
 * @property {number} seq
 * @property {number} prev seq of the event before it that this reader may see
 * @property {string} type
 * @property {string} at ISO time, UTC
 * @property {'shopper' | 'bot' | 'agent' | 'system'} from
 * @property {string | null} name
 * @property {any} body
 */
import { Intake } from './intake.js';
import { Stream } from './stream.js';
import { Tabs } from './tabs.js';

/** A follower that has heard nothing from the leader for this long looks for itself when it is looked at. */
const LEADER_SILENCE = 20_000;

export class Wire {
  /** @type {Stream | null} */ #stream = null;
  /** @type {Tabs | null} */ #tabs = null;
  #heardAt = Date.now();

  /**
   * @param {object} how
   * @param {string} how.name
   * @param {(after: number, signal: AbortSignal) => Promise<Response>} how.connect
   * @param {(after: number) => Promise<LogEvent[]>} how.fetchSince
   * @param {(event: LogEvent) => void} how.onEvent
   * @param {(signal: any) => void} [how.onSignal] what is not stored: typing
   * @param {(status: Status, problem?: import('./http.js').Problem) => void} [how.onStatus]
   * @param {number} [how.cursor]
   * @param {(event: LogEvent) => number} [how.cursorOf]
   * @param {(event: LogEvent) => number | null} [how.prevOf]
   * @param {EventTarget} [how.page] the window
   * @param {() => number} [how.random]
   * @param {LockManager | null} [how.locks]
   * @param {typeof BroadcastChannel | null} [how.Channel]
   */
  constructor(how) {
    this.how = how;
    this.page = how.page ?? globalThis;
    this.intake = new Intake({
      cursor: how.cursor,
      cursorOf: how.cursorOf ?? ((event) => event.seq),
      prevOf: how.prevOf ?? ((event) => event.prev ?? null),
      fetchSince: how.fetchSince,
      deliver: how.onEvent,
    });
  }

  get cursor() {
    return this.intake.cursor;
  }

  start() {
    if (this.#tabs) return;
    this.#tabs = new Tabs(this.how.name, {
      onLead: () => this.#lead(),
      onMessage: (message) => this.#heard(message),
      locks: this.how.locks,
      Channel: this.how.Channel,
    });
    this.page.addEventListener('focus', this.#looked);
    this.page.addEventListener('online', this.#looked);
    this.#tabs.post({ kind: 'hello' });
  }

  stop() {
    this.page.removeEventListener('focus', this.#looked);
    this.page.removeEventListener('online', this.#looked);
    this.#stream?.stop();
    this.#stream = null;
    this.#tabs?.close();
    this.#tabs = null;
  }

  /** Fetches now what the stream may have missed; never throws. */
  async catchUp() {
    try {
      await this.intake.catchUp();
    } catch {
      // the stream goes on trying, and says so by its status
    }
  }

  #looked = () => {
    if (!this.#stream && Date.now() - this.#heardAt > LEADER_SILENCE) void this.catchUp();
  };

  #lead() {
    this.#stream = new Stream({
      connect: (signal) => this.how.connect(this.intake.cursor, signal),
      onEvent: async (event, stored) => {
        this.#tabs?.post({ kind: 'event', event, stored });
        if (stored) await this.intake.take(event);
        else this.how.onSignal?.(event);
      },
      onStatus: (status, problem) => {
        this.#tabs?.post({ kind: 'status', status });
        this.how.onStatus?.(status, problem);
      },
      onAlive: () => this.#tabs?.post({ kind: 'alive' }),
      onSilence: () => void this.catchUp(),
      page: this.page,
      random: this.how.random,
    });
    this.#stream.start();
  }

  /** @param {any} message */
  #heard(message) {
    this.#heardAt = Date.now();
    if (message.kind === 'hello') {
      if (this.#stream) this.#tabs?.post({ kind: 'status', status: this.#stream.status });
    } else if (this.#stream) return;
    else if (message.kind === 'status') this.how.onStatus?.(message.status);
    else if (message.kind === 'event' && !message.stored) this.how.onSignal?.(message.event);
    else if (message.kind === 'event') void this.intake.take(message.event).catch(() => {});
  }
}
