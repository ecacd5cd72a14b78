/**
 * What the console knows of the desk, as plain data, and how one event changes it. Pure.
 *
 * @typedef {object} Row a conversation in a list
 * @property {string} conversation
 * @property {'queue' | 'agent' | 'bot' | 'closed'} owner
 * @property {{id: string, name: string} | null} agent
 * @property {string | null} ticket
 * @property {string | null} reason why it was escalated
 * @property {'calm' | 'upset' | 'furious' | null} mood
 * @property {string | null} queued_at since when the shopper waits
 * @property {boolean} held
 * @property {boolean} front given back: to be taken first
 * @property {boolean} late the shopper was told of the long wait
 * @property {number} unread the shopper's words since a person last wrote
 * @property {number} seq
 * @property {string} locale
 * @property {{id: string, name?: string} | null} customer
 * @property {{from: string, text: string, at: string} | null} last
 *
 * @typedef {object} Lists
 * @property {any} me
 * @property {Row[]} queue in the order in which they are to be taken
 * @property {Row[]} rows conversations one may see, not waiting
 * @property {any[]} agents
 */

/** After one of these the lists are asked for anew: they change whose turn it is. */
const MOVES = new Set([
  'queued', 'assigned', 'released', 'transferred', 'returned', 'closed', 'reopened', 'escalated', 'erased', 'opened', 'presence',
]);

/** @param {{type: string}} event */
export const moves = (event) => MOVES.has(event.type);

/** @returns {Lists} */
export const emptyLists = () => ({ me: null, queue: [], rows: [], agents: [] });

/**
 * @param {any} answer of GET /desk
 * @param {Lists} [before] what events told meanwhile is kept where the answer is older
 * @returns {Lists}
 */
export function listsOf(answer, before = emptyLists()) {
  const known = new Map([...before.queue, ...before.rows].map((row) => [row.conversation, row]));
  const rowNow = (/** @type {any} */ given) => {
    const told = rowOf(given);
    const had = known.get(told.conversation);
    return had && had.seq > told.seq ? { ...told, seq: had.seq, last: had.last, unread: had.unread, mood: had.mood } : told;
  };
  const waiting = new Set((answer.queue ?? []).map((/** @type {any} */ row) => row.conversation));
  return {
    me: answer.me,
    queue: (answer.queue ?? []).map(rowNow),
    rows: [...(answer.conversations ?? []), ...(answer.others ?? [])]
      .filter((row) => !waiting.has(row.conversation))
      .map(rowNow),
    agents: answer.agents ?? [],
  };
}

/** @param {any} given a card of the server's @returns {Row} whatever it leaves out has its quiet value */
export function rowOf(given) {
  const owner = given.owner?.kind ?? given.owner ?? 'queue';
  const customer = typeof given.customer === 'string' ? { id: given.customer } : given.customer;
  return {
    ticket: null, reason: null, mood: null, queued_at: null, held: false, front: false, late: false, unread: 0, seq: 0, locale: 'ja',
    ...given,
    owner,
    agent: owner === 'agent' ? (given.agent ?? { id: given.owner.id, name: given.owner.name ?? '' }) : null,
    customer: customer ?? null,
    last: given.last ?? (given.text ? { from: 'shopper', text: given.text, at: given.last_at } : null),
  };
}

/** The later of two states of one conversation; what came with an older request is no news. @param {Row} known @param {Row} told */
export const newer = (known, told) => (told.seq >= known.seq ? told : known);

/** @param {Row} row @param {any} event @returns {Row} */
export function rowAfter(row, event) {
  if (event.seq <= row.seq) return row;
  const next = { ...row, seq: event.seq };
  if (event.type === 'message' && event.body.text !== undefined) {
    next.last = { from: event.from, text: event.body.text, at: event.at };
    if (event.from === 'shopper') next.unread = row.unread + (row.owner === 'bot' ? 0 : 1);
    if (event.from === 'agent') next.unread = 0;
  }
  if (event.type === 'decided' && event.body.mood) next.mood = event.body.mood.label;
  if (event.type === 'held') next.held = event.body.on !== false;
  return next;
}

/** @param {Lists} lists @param {any} event @returns {Lists} */
export function listsAfter(lists, event) {
  const change = (/** @type {Row[]} */ rows) =>
    rows.some((row) => row.conversation === event.conversation)
      ? rows.map((row) => (row.conversation === event.conversation ? rowAfter(row, event) : row))
      : rows;
  return { ...lists, queue: change(lists.queue), rows: change(lists.rows) };
}

/** @param {Lists} lists @param {string} id */
export const rowIn = (lists, id) => [...lists.queue, ...lists.rows].find((row) => row.conversation === id) ?? null;

/**
 * The lists as they stand below each other: waiting, mine, others' (supervisors), the bot's.
 * @param {Lists} lists
 */
export function sections(lists) {
  const mine = lists.rows.filter((row) => row.owner === 'agent' && row.agent?.id === lists.me?.id);
  const others = lists.rows.filter((row) => row.owner === 'agent' && row.agent?.id !== lists.me?.id);
  const bots = lists.rows.filter((row) => row.owner === 'bot');
  const latest = (/** @type {Row} */ a, /** @type {Row} */ b) => (b.last?.at ?? '').localeCompare(a.last?.at ?? '');
  return { queue: lists.queue, mine, others: others.sort(latest), bots: bots.sort(latest) };
}

/**
 * How many of the shopper's words nobody here has looked at.
 * @param {Row} row @param {Record<string, number>} seen the last seq looked at, by conversation
 */
export const unseen = (row, seen) => ((seen[row.conversation] ?? 0) >= row.seq ? 0 : row.unread);

/** What the title and the icon count. @param {Lists} lists @param {Record<string, number>} seen */
export const waitingCount = (lists, seen) =>
  lists.queue.length + sections(lists).mine.reduce((sum, row) => sum + unseen(row, seen), 0);

/**
 * May this person do that to the conversation now? The server decides; this only keeps buttons honest.
 * @param {Row} row @param {any} me
 */
export function allowed(row, me) {
  const lead = me?.role === 'supervisor' || me?.role === 'admin';
  const mine = row.owner === 'agent' && row.agent?.id === me?.id;
  return {
    mine, lead,
    claim: row.owner === 'queue' || (lead && row.owner === 'bot'),
    reply: mine,
    note: mine || (lead && row.owner !== 'closed'),
    move: mine || (lead && row.owner === 'agent'),
  };
}

/** The entries that the bot has already shown, each with what came of it. @param {import('../shared/fold.js').Chat} chat */
export function alreadyShown(chat) {
  return chat.events
    .filter((event) => event.type === 'message' && event.from === 'bot' && event.body.entry)
    .map((event) => ({ seq: event.seq, entry: event.body.entry, helpful: chat.feedback[event.seq] }));
}

/** What the bot's last decision was about: the shopper's words just before it. @param {import('../shared/fold.js').Chat} chat */
export function askedBy(chat) {
  const until = chat.decided?.seq ?? Infinity;
  const said = chat.events.filter((event) => event.seq < until && event.from === 'shopper' && (event.type === 'message' || event.type === 'chosen'));
  return said.at(-1)?.body.text ?? said.at(-1)?.body.question ?? '';
}

/** The shopper's last words, for looking up FAQ. @param {import('../shared/fold.js').Chat} chat */
export function lastWords(chat) {
  return chat.events.findLast((event) => event.type === 'message' && event.from === 'shopper')?.body.text ?? '';
}
