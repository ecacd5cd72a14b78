/**
 * The log of one conversation, folded into what a page shows of it. Pure: folding all events equals folding the
 * rest onto a folded part, for any cut; an event already folded changes nothing.
 *
 * Works on a shopper's events and on staff's alike (staff see `decided`, `held` and `note` too).
 *
 * @typedef {import('./wire.js').LogEvent} LogEvent
 * @typedef {'nobody' | 'bot' | 'queue' | 'agent' | 'closed'} Owner  nobody: not opened yet
 * @typedef {object} Chat
 * @property {number} seq the last event folded
 * @property {Owner} owner
 * @property {{name: string | null, id: string | null} | null} agent who owns it
 * @property {{ticket: string | null, position: number | null, wait: {low: number, high: number} | null,
 *             since: string} | null} queue while it waits; wait in seconds; since: the first of the waiting
 * @property {LogEvent[]} events all of them, ascending
 * @property {Record<number, boolean>} feedback helpful or not, by the message's seq; the last one counts
 * @property {Record<number, string>} chosen the entry chosen, by the offering message's seq
 * @property {{score: number, comment?: string} | null} rating since it was last closed
 * @property {number} asked seq of the shopper's last word that the bot owes an answer; 0 for none
 * @property {number} answered seq up to which the bot has answered
 * @property {number} open seq of the shopper's last word that neither bot nor agent has taken up; 0 for none
 * @property {boolean} served whether an agent has ever owned it since it was (re)opened
 * @property {boolean} held
 * @property {LogEvent | null} contact the message form that was left
 * @property {LogEvent | null} decided the bot's last decision (staff only)
 * @property {boolean} erased
 */

/** @returns {Chat} */
export function emptyChat() {
  return {
    seq: 0, owner: 'nobody', agent: null, queue: null, events: [], feedback: {}, chosen: {}, rating: null,
    asked: 0, answered: 0, open: 0, served: false, held: false, contact: null, decided: null, erased: false,
  };
}

/** @param {LogEvent} event @returns {Chat['queue']} */
const place = (event, since = event.at) => ({
  ticket: event.body.ticket ?? null,
  position: event.body.position ?? null,
  wait: event.body.wait ?? null,
  since,
});

/** @param {Chat} chat @param {LogEvent} event @returns {Partial<Chat>} */
const asks = (chat, event) => {
  if (event.from !== 'shopper') return event.from === 'agent' ? { open: 0 } : {};
  return chat.owner === 'bot' ? { asked: event.seq, open: event.seq } : { open: event.seq };
};

const toBot = { owner: /** @type {Owner} */ ('bot'), agent: null, queue: null, held: false };

/**
 * What each type changes; a type without a row is kept in `events` and changes nothing else.
 * @type {Record<string, (chat: Chat, event: LogEvent) => Partial<Chat>>}
 */
const effects = {
  opened: () => toBot,
  message: (chat, event) => {
    if (event.from === 'bot') {
      const answered = Math.max(chat.answered, event.body.answers ?? 0);
      return { answered, open: chat.open > answered ? chat.open : 0 };
    }
    return asks(chat, event);
  },
  chosen: (chat, event) => ({
    ...asks(chat, event),
    chosen: event.body.seq === undefined ? chat.chosen : { ...chat.chosen, [event.body.seq]: event.body.entry },
  }),
  decided: (chat, event) => ({ decided: event }),
  escalated: (chat, event) => ({ owner: 'queue', agent: null, open: 0, queue: chat.queue ?? place({ ...event, body: {} }) }),
  queued: (chat, event) => ({ owner: 'queue', agent: null, queue: place(event, chat.queue?.since ?? event.at) }),
  assigned: (chat, event) => ({
    owner: 'agent', queue: null, held: false, served: true,
    agent: { name: event.body.name ?? event.name, id: event.body.agent ?? null },
  }),
  released: (chat) => ({ owner: 'queue', agent: null, held: false, queue: chat.queue }),
  transferred: (chat) => ({ owner: 'queue', agent: null, held: false, queue: chat.queue }),
  returned: (chat) => ({ ...toBot, asked: Math.max(chat.asked, chat.open) }),
  held: (chat, event) => ({ held: event.body.on !== false }),
  feedback: (chat, event) => ({
    feedback: { ...chat.feedback, [event.body.seq]: event.body.helpful },
    ...(event.body.helpful ? {} : asks(chat, event)),
  }),
  rated: (chat, event) => ({ rating: event.body }),
  contact_left: (chat, event) => ({ contact: event }),
  closed: () => ({ ...toBot, owner: 'closed' }),
  reopened: () => ({ ...toBot, served: false, rating: null, contact: null, answered: 0, asked: 0, open: 0 }),
  erased: (chat, event) => ({
    erased: true, feedback: {}, chosen: {}, rating: null, contact: null, decided: null,
    events: [...chat.events.map((past) => ({ ...past, name: null, body: {} })), event],
  }),
};

/** @param {Chat} chat @param {LogEvent} event @returns {Chat} a new one; the same one for an event already folded */
export function apply(chat, event) {
  if (event.seq <= chat.seq) return chat;
  const effect = effects[event.type]?.(chat, event) ?? {};
  return { ...chat, events: chat.events.concat(event), ...effect, seq: event.seq };
}

/** @param {LogEvent[]} events ascending @param {Chat} [from] */
export function fold(events, from = emptyChat()) {
  return events.reduce(apply, from);
}

/** @param {Chat} chat whether the bot owes an answer right now */
export const thinking = (chat) => chat.owner === 'bot' && chat.asked > chat.answered;

/** @param {Chat} chat whether it waits for a person or has one */
export const manned = (chat) => chat.owner === 'queue' || chat.owner === 'agent';
