/**
 * A server-sent stream read with fetch (so that the token travels in a header), which resumes by itself.
 *
 * @typedef {'connecting' | 'live' | 'waiting' | 'offline' | 'refused' | 'stopped'} Status
 *   waiting: will try again by itself; refused: the server said no for good (4xx)
 * @typedef {{id: string | null, event: string, data: string}} Frame
 */
import { Problem, problemOf } from './http.js';

/** The server sends at least a comment every 15 s: three missed ones mean that the line is dead. */
const SILENCE = 45_000;
/** On coming back to the page, a line silent for longer than one comment is not trusted. */
const DOUBTFUL = 20_000;
/** A line that ended sooner than this counts as a failure, so that a server which hangs up is not hammered. */
const SOUND = 2_000;
const FIRST_WAIT = 500;
const LONGEST_WAIT = 30_000;

/**
 * @param {number} failures how many in a row
 * @param {number} chance 0 ≤ chance < 1; the jitter that keeps a thousand pages from coming back together
 * @returns {number} milliseconds
 */
export function backoff(failures, chance) {
  const full = Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** Math.min(failures, 10));
  return Math.round(full * (0.5 + chance / 2));
}

export class Stream {
  /** @type {AbortController | null} */ #line = null;
  /** @type {() => void} */ #wake = () => {};
  #stopped = true;
  #heardAt = 0;

  /**
   * @param {object} how
   * @param {(signal: AbortSignal) => Promise<Response>} how.connect opens the stream from the cursor as it is then
   * @param {(event: any, stored: boolean) => Promise<void> | void} how.onEvent parsed data; stored: it has an id
   * @param {(status: Status, problem?: Problem) => void} [how.onStatus]
   * @param {() => void} [how.onSilence] the line was dead or would not open: fetch instead
   * @param {() => void} [how.onAlive] anything came, a comment included
   * @param {EventTarget} [how.page] sends online, offline, focus, pageshow; the window
   * @param {() => number} [how.random]
   * @param {number} [how.silence] milliseconds
   */
  constructor(how) {
    this.how = how;
    this.page = how.page ?? globalThis;
    /** @type {Status} */
    this.status = 'stopped';
  }

  start() {
    if (!this.#stopped) return;
    this.#stopped = false;
    for (const name of ['online', 'offline', 'focus', 'pageshow']) this.page.addEventListener(name, this.#noticed);
    void this.#run();
  }

  stop() {
    if (this.#stopped) return;
    this.#stopped = true;
    for (const name of ['online', 'offline', 'focus', 'pageshow']) this.page.removeEventListener(name, this.#noticed);
    this.#line?.abort();
    this.#wake();
    this.#say('stopped');
  }

  /** Tries at once, whatever the waiting time. */
  hurry() {
    this.#wake();
  }

  /** @param {Event} event */
  #noticed = (event) => {
    if (event.type === 'offline') return this.#line?.abort();
    if (this.status === 'live' && Date.now() - this.#heardAt > DOUBTFUL) this.#line?.abort();
    this.#wake();
  };

  /** @param {Status} status @param {Problem} [problem] */
  #say(status, problem) {
    if (this.status === status) return;
    this.status = status;
    this.how.onStatus?.(status, problem);
  }

  async #run() {
    let failures = 0;
    while (!this.#stopped) {
      this.#say('connecting');
      let wait;
      try {
        const from = Date.now();
        const spoke = await this.#listen();
        failures = spoke && Date.now() - from > SOUND ? 0 : failures + 1;
      } catch (error) {
        failures += 1;
        if (error instanceof Problem) {
          if (!error.passing) {
            this.#stopped = true;
            this.#say('refused', error);
            return;
          }
          wait = error.retryAfter;
        }
      }
      if (this.#stopped) return;
      if (failures > 0) this.how.onSilence?.();
      this.#say(globalThis.navigator?.onLine === false ? 'offline' : 'waiting');
      const pause = backoff(failures, (this.how.random ?? Math.random)());
      await this.#sleep(Math.max(wait ?? 0, pause));
    }
  }

  /** @returns {Promise<boolean>} whether anything was heard before the line ended */
  async #listen() {
    const line = new AbortController();
    this.#line = line;
    const dead = this.how.silence ?? SILENCE;
    let watch = setTimeout(() => line.abort(), dead);
    let spoke = false;
    try {
      const response = await this.how.connect(line.signal);
      if (!response.ok || !response.body) throw await problemOf(response);
      this.#heardAt = Date.now();
      this.#say('live');
      /** @type {{id: string | null, data: string}[]} */
      const frames = [];
      const feed = sseParser((frame) => frames.push(frame));
      const decoder = new TextDecoder();
      const reader = response.body.getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) return spoke;
        clearTimeout(watch);
        watch = setTimeout(() => line.abort(), dead);
        this.#heardAt = Date.now();
        spoke = true;
        this.how.onAlive?.();
        feed(decoder.decode(value, { stream: true }));
        for (const frame of frames.splice(0)) await this.how.onEvent(JSON.parse(frame.data), frame.id !== null);
      }
    } catch (error) {
      if (error instanceof Problem || !spoke) throw error;
      return true;
    } finally {
      clearTimeout(watch);
      line.abort();
      this.#line = null;
    }
  }

  /** @param {number} ms */
  #sleep(ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(done, ms);
      const self = this;
      function done() {
        clearTimeout(timer);
        self.#wake = () => {};
        resolve(undefined);
      }
      this.#wake = done;
    });
  }
}

const LONGEST_EVENT = 1_000_000;

/**
 * The text of a `text/event-stream` into its events (WHATWG HTML, "Interpreting an event stream").
 * @param {(frame: Frame) => void} onFrame
 * @returns {(text: string) => void} feed it decoded text in pieces of any size; throws on a frame of more than
 *          a million characters, so that a broken server cannot fill the memory
 */
export function sseParser(onFrame) {
  let rest = '';
  let first = true;
  let lastWasCr = false;
  /** @type {string[]} */
  let data = [];
  let held = 0;
  let event = '';
  /** @type {string | null} */
  let id = null;

  /** @param {string} line */
  const take = (line) => {
    if (line === '') {
      if (data.length) onFrame({ id, event: event || 'message', data: data.join('\n') });
      data = [];
      held = 0;
      event = '';
      id = null;
      return;
    }
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      data.push(value);
      held += value.length;
    } else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  };

  return (text) => {
    if (first && text) {
      first = false;
      text = text.replace(/^\uFEFF/, '');
    }
    if (lastWasCr && text.startsWith('\n')) text = text.slice(1);
    if (text) lastWasCr = text.endsWith('\r');
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (rest.length + held > LONGEST_EVENT) throw new Error('an event of more than a million characters');
  };
}
