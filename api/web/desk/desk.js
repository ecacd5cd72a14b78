/**
 * The console's one state and everything that changes it: requests, the stream, what waits to be sent.
 * Views read it and call its methods; after each change `onChange` renders.
 *
 * @typedef {object} Open a conversation that was looked at
 * @property {'loading' | 'ready' | 'failed'} status
 * @property {import('./state.js').Row} row
 * @property {import('../shared/fold.js').Chat} chat
 * @property {any} customer
 * @property {any} decision the bot's last one
 * @property {any} [problem]
 */
import { apply, fold } from '../shared/fold.js';
import { Problem } from '../shared/http.js';
import { Wire } from '../shared/wire.js';
import { Drafts } from './drafts.js';
import { Faq } from './faq.js';
import { Names } from './names.js';
import { Sending } from './sending.js';
import { emptyLists, lastWords, listsAfter, listsOf, moves, newer, rowAfter, rowIn, rowOf, sections } from './state.js';

const SETTLE = 120;
const TYPING = 5000;
const TYPING_EVERY = 3000;

export class Desk {
  lists = emptyLists();
  /** @type {'loading' | 'ready' | 'failed'} */ phase = 'loading';
  /** @type {any} */ problem = null;
  /** @type {import('../shared/stream.js').Status} */ line = 'connecting';
  /** @type {string | null} */ selected = null;
  /** @type {Map<string, Open>} */ chats = new Map();
  /** @type {Map<string, number>} when the shopper last typed, by conversation */ typing = new Map();
  /** @type {Record<string, number>} */ seen = {};
  /** @type {Wire | null} */ #wire = null;
  #settle = 0;
  #loading = false;
  #stale = false;
  #typed = 0;
  #turn = 0;
  #mute = false;
  #stopped = false;

  /**
   * @param {import('../staff/session.js').Staff} staff
   * @param {{onChange: () => void, onEvent?: (event: any) => void, onLists?: (before: any, after: any) => void}} how
   */
  constructor(staff, how) {
    this.staff = staff;
    this.api = staff.api;
    this.how = how;
    this.storage = sessionStorage;
    this.drafts = new Drafts(this.storage, staff.user.id);
    this.sending = new Sending(staff, this.storage, () => this.changed());
    this.names = new Names(this.api, () => this.changed());
    this.faq = new Faq(this.api, () => this.changed());
    try {
      this.seen = JSON.parse(this.storage.getItem('toritsugi:desk:seen') ?? '{}');
    } catch {
      this.seen = {};
    }
  }

  changed() {
    if (!this.#stopped) this.how.onChange();
  }

  async start() {
    this.sending.resume();
    await this.refresh();
  }

  stop() {
    this.#stopped = true;
    this.#wire?.stop();
    clearTimeout(this.#settle);
    this.sending.stop();
  }

  /** GET /desk; the stream starts from its position. */
  async refresh() {
    if (this.#loading) {
      this.#stale = true;
      return;
    }
    this.#loading = true;
    try {
      const answer = await this.api.get('/desk');
      const before = this.lists;
      this.lists = listsOf(answer, before);
      this.lists.me = { ...this.staff.user, ...this.lists.me };
      if (this.phase === 'ready') this.how.onLists?.(before, this.lists);
      this.phase = 'ready';
      this.problem = null;
      for (const [id, open] of this.chats) {
        const row = rowIn(this.lists, id);
        if (row) open.row = newer(open.row, row);
      }
      if (!this.#wire && !this.#stopped) this.#listen(answer.position ?? 0);
    } catch (problem) {
      if (this.phase !== 'ready') this.phase = 'failed';
      this.problem = problem;
    } finally {
      this.#loading = false;
    }
    this.changed();
    if (this.#stale) {
      this.#stale = false;
      await this.refresh();
    }
  }

  /** @param {number} position */
  #listen(position) {
    this.#wire = new Wire({
      name: `toritsugi:desk:${this.staff.user.id}`,
      cursor: position,
      cursorOf: (event) => /** @type {any} */ (event).position,
      prevOf: () => null,
      connect: (after, signal) => this.api.stream(`/desk/events?after=${after}`, signal),
      fetchSince: async () => {
        this.soon();
        if (this.selected) void this.load(this.selected);
        return [];
      },
      onEvent: (event) => this.take(event),
      onSignal: (signal) => this.signal(signal),
      onStatus: (status, problem) => {
        this.line = status;
        if (status === 'refused' && problem?.status === 401) this.api.onSignedOut();
        this.changed();
      },
    });
    this.#wire.start();
  }

  /** One event from the stream. @param {any} event */
  take(event) {
    this.lists = listsAfter(this.lists, event);
    const open = this.chats.get(event.conversation);
    if (open?.status === 'ready') {
      if (event.seq > open.chat.seq + 1) void this.load(event.conversation);
      else {
        open.chat = apply(open.chat, event);
        open.row = rowAfter(open.row, event); // whose it is comes with `load`, never from an older list
        if (event.type === 'decided') open.decision = event.body;
      }
      if (event.from === 'shopper') this.typing.delete(event.conversation);
      if (moves(event)) void this.load(event.conversation);
    }
    if (moves(event) || !rowIn(this.lists, event.conversation)) this.soon();
    this.how.onEvent?.(event);
    if (event.conversation === this.selected) {
      this.look();
      if (event.from === 'shopper' && event.type === 'message') this.faq.follow(event.conversation, event.body.text);
    }
    this.changed();
  }

  /** What is not stored. @param {any} signal */
  signal(signal) {
    if (signal.type === 'typing' && signal.from === 'shopper') {
      this.typing.set(signal.conversation, Date.now());
      setTimeout(() => this.changed(), TYPING + 50);
      this.changed();
    } else if (signal.type !== 'typing') this.soon();
  }

  /** @param {string} id */
  isTyping(id) {
    return Date.now() - (this.typing.get(id) ?? 0) < TYPING;
  }

  /** Asks for the lists once, shortly: changes of owner come in pairs. */
  soon() {
    clearTimeout(this.#settle);
    this.#settle = /** @type {any} */ (setTimeout(() => void this.refresh(), SETTLE));
  }

  /** @param {string | null} id */
  select(id) {
    this.selected = id;
    if (id) {
      void this.load(id);
      this.look();
    }
    this.changed();
  }

  /** What is on the screen counts as looked at. */
  look() {
    const id = this.selected;
    if (!id || document.hidden) return;
    const seq = Math.max(this.chats.get(id)?.chat.seq ?? 0, rowIn(this.lists, id)?.seq ?? 0);
    if ((this.seen[id] ?? 0) >= seq) return;
    this.seen = { ...this.seen, [id]: seq };
    this.storage.setItem('toritsugi:desk:seen', JSON.stringify(this.seen));
  }

  get current() {
    return this.selected ? (this.chats.get(this.selected) ?? null) : null;
  }

  /** GET /desk/conversations/{c}. @param {string} id */
  async load(id) {
    const before = this.chats.get(id);
    if (!before) {
      const row = rowIn(this.lists, id) ?? rowOf({ conversation: id });
      this.chats.set(id, { status: 'loading', row, chat: fold([]), customer: null, decision: null });
    }
    try {
      const answer = await this.api.get(`/desk/conversations/${encodeURIComponent(id)}`);
      const now = this.chats.get(id);
      const later = now?.chat.events.filter((event) => event.seq > (answer.events.at(-1)?.seq ?? 0)) ?? [];
      const chat = fold(later, fold(answer.events));
      const row = now?.status === 'ready' ? newer(now.row, rowOf(answer.state)) : rowOf(answer.state);
      this.chats.set(id, { status: 'ready', row, chat, customer: answer.customer, decision: answer.decision ?? chat.decided?.body ?? null });
      this.names.want([
        ...(answer.decision?.hits ?? []).slice(0, 5).map((/** @type {any} */ hit) => hit.entry),
        ...chat.events.map((event) => event.body.entry).filter(Boolean),
      ]);
      if (id === this.selected) {
        this.look();
        this.faq.follow(id, lastWords(chat));
      }
    } catch (problem) {
      const now = this.chats.get(id);
      const gone = problem instanceof Problem && problem.status === 404;
      if (now && (now.status !== 'ready' || gone)) this.chats.set(id, { ...now, status: 'failed', problem });
    }
    this.changed();
  }

  /**
   * A change of whose turn it is; the answer is seen at once, before the stream tells.
   * @param {string} id @param {string} action @param {any} [body] @throws {Problem}
   */
  async act(id, action, body = {}) {
    try {
      const { seq } = await this.api.write(`/desk/conversations/${encodeURIComponent(id)}/${action}`, body);
      if (action === 'claim') this.#took(id, seq);
    } finally {
      this.soon();
      void this.load(id);
    }
  }

  /** The claim was granted: the field opens before the lists are read again. @param {string} id @param {number} seq */
  #took(id, seq) {
    const open = this.chats.get(id);
    const { id: me, name } = this.lists.me;
    if (open) open.row = { ...open.row, owner: 'agent', agent: { id: me, name }, seq: Math.max(open.row.seq, seq) };
    this.changed();
  }

  /** @param {string} state @param {string} [reason] */
  async setState(state, reason) {
    const before = this.lists.me;
    const turn = ++this.#turn;
    this.lists = { ...this.lists, me: { ...before, state, reason: reason ?? null } };
    this.changed();
    try {
      const { me } = await this.api.put('/desk/me', { state, ...(reason ? { reason } : {}) });
      if (turn === this.#turn) this.lists = { ...this.lists, me: { ...this.lists.me, ...me } };
    } catch (problem) {
      if (turn === this.#turn) this.lists = { ...this.lists, me: before };
      throw problem;
    } finally {
      this.changed();
    }
    this.soon();
  }

  /** Tells the shopper that somebody writes; at most every three seconds. @param {string} id */
  type(id) {
    if (this.#mute || Date.now() - this.#typed < TYPING_EVERY) return;
    this.#typed = Date.now();
    this.api.post(`/desk/conversations/${encodeURIComponent(id)}/typing`).catch((problem) => {
      if (problem.status === 404 || problem.status === 405) this.#mute = true;
    });
  }

  /** The rows in the order of the screen, for moving by keys. */
  get order() {
    const { queue, mine, others, bots } = sections(this.lists);
    return [...queue, ...mine, ...others, ...bots];
  }
}
