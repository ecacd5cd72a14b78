/**
 * The log as the shopper reads it. `rows` is pure: events and what waits → what stands below each other;
 * `timeline` draws them.
 *
 * @typedef {import('../shared/wire.js').LogEvent} LogEvent
 * @typedef {import('../shared/outbox.js').Item} Item
 * @typedef {{key: string, kind: 'day', at: string}
 *   | {key: string, kind: 'line', event: LogEvent}
 *   | {key: string, kind: 'words', event: LogEvent, text: string, first: boolean, last: boolean}
 *   | {key: string, kind: 'unsent', item: Item, text: string}} Row
 */
import { html } from './dom.js';
import { manned } from '../shared/fold.js';
import { parse, plain, toDom } from '../shared/markdown.js';
import { unconfirmed } from '../shared/outbox.js';
import { clock, day, dayKey } from '../shared/times.js';

/** @type {Record<string, (event: LogEvent, say: import('../shared/words.js').Say) => string>} */
const LINES = {
  escalated: (event, say) => say('evEscalated'),
  queued: (event, say) => say('evQueued', event.body.ticket),
  assigned: (event, say) => say('evAssigned', event.name ?? say('agent')),
  released: (event, say) => say('evReleased'),
  transferred: (event, say) => say('evTransferred'),
  returned: (event, say) => say('evReturned'),
  closed: (event, say) => say('evClosed'),
  reopened: (event, say) => say('evReopened'),
  contact_left: (event, say) => say('evContact'),
  rated: (event, say) => say('evRated', event.body.score),
  erased: (event, say) => say('evErased'),
};

/** @param {LogEvent} event @param {LogEvent[]} events @returns {string | null} what was said, if this was saying */
export function wordsOf(event, events) {
  if (event.type === 'message') return event.body.text ?? null;
  if (event.type !== 'chosen') return null;
  if (event.body.question || event.body.text) return event.body.question ?? event.body.text;
  const offers = events.find((each) => each.seq === event.body.seq)?.body.offers ?? [];
  return offers.find((/** @type {any} */ offer) => offer.entry === event.body.entry)?.question ?? null;
}

/** @param {Item} item */
export const textOf = (item) => {
  if (item.action === 'messages' || item.action === 'contact') return item.body.text;
  return null;
};

/**
 * @param {LogEvent[]} events @param {readonly Item[]} items what waits in the outbox
 * @param {string} [timeZone]
 * @returns {Row[]}
 */
export function rows(events, items, timeZone) {
  /** @type {Row[]} */
  const out = [];
  let today = '';
  for (const [index, event] of events.entries()) {
    const text = wordsOf(event, events);
    // "queued" directly after "escalated" says the same better
    const spoken = event.type === 'escalated' && events[index + 1]?.type === 'queued';
    if (text === null && (spoken || !LINES[event.type])) continue;
    const key = dayKey(event.at, timeZone);
    if (key !== today) out.push({ key: `day-${key}`, kind: 'day', at: event.at });
    today = key;
    if (text === null) {
      out.push({ key: `e${event.seq}`, kind: 'line', event });
      continue;
    }
    const before = out.at(-1);
    const joined = before?.kind === 'words' && sameVoice(before.event, event);
    if (joined) before.last = false;
    out.push({ key: `e${event.seq}`, kind: 'words', event, text, first: !joined, last: true });
  }
  for (const item of unconfirmed(items, events, textOf)) {
    out.push({ key: `u${item.client_id}`, kind: 'unsent', item, text: textOf(item) });
  }
  return out;
}

/** @param {LogEvent} a @param {LogEvent} b the same person within five minutes */
const sameVoice = (a, b) =>
  a.from === b.from && a.name === b.name && Date.parse(b.at) - Date.parse(a.at) < 300_000;

/** Text never changes, so its nodes are made once. @type {WeakMap<LogEvent, HTMLElement>} */
const drawn = new WeakMap();

/** @param {LogEvent} event @param {string} text */
function nodes(event, text) {
  let node = drawn.get(event);
  if (!node) {
    node = toDom(event.from === 'bot' ? parse(text) : plain(text));
    node.dir = 'auto';
    drawn.set(event, node);
  }
  return node;
}

/**
 * @param {object} ctx
 * @param {import('../shared/fold.js').Chat} ctx.chat
 * @param {Row[]} ctx.rows
 * @param {import('../shared/words.js').Say} ctx.say
 * @param {import('../shared/words.js').Locale} ctx.locale
 * @param {number} ctx.now
 * @param {import('./session.js').Session} ctx.session
 * @param {any} ctx.actions
 */
export function timeline(ctx) {
  return ctx.rows.map((row) => {
    if (row.kind === 'day') return html`<div class="day" key=${row.key}><span>${day(row.at, ctx.locale, ctx.now)}</span></div>`;
    if (row.kind === 'line') return html`<p class="line" key=${row.key} data-seq=${row.event.seq}><span>${LINES[row.event.type](row.event, ctx.say)}</span></p>`;
    return row.kind === 'words' ? bubble(ctx, row) : unsent(ctx, row);
  });
}

/** @param {any} ctx @param {any} row */
function bubble(ctx, { key, event, text, first, last }) {
  const { say, locale } = ctx;
  const mine = event.from === 'shopper';
  const who = mine ? say('you') : (event.name ?? say(event.from === 'agent' ? 'agent' : 'bot'));
  return html`<div class="turn ${event.from} ${first ? 'first' : ''}" key=${key} data-seq=${event.seq}>
    ${mine ? null : html`<span class="mark" aria-hidden="true">${first ? [...who][0] : null}</span>`}
    <div class="words">
      ${first && !mine ? html`<p class="who">${who}</p>` : html`<p class="sr">${who}</p>`}
      <div class="bubble">${nodes(event, text)}</div>
      ${last ? html`<time class="at" datetime=${event.at}>${clock(event.at, locale)}</time>` : null}
      ${offers(ctx, event)}
      ${helpfulRow(ctx, event)}
    </div>
  </div>`;
}

/** @param {any} ctx @param {LogEvent} event */
function offers({ chat, say, actions, session }, event) {
  /** @type {{entry: string, question: string}[] | undefined} */
  const list = event.body.offers;
  if (!list?.length) return null;
  const chosen = chat.chosen[event.seq];
  const stale = manned(chat) || session.pending('choose');
  return html`<div class="offers" role="group" aria-label=${say('choose')}>
    ${list.map((offer) => html`<button type="button" class="offer" disabled=${stale}
      aria-pressed=${chosen === offer.entry ? 'true' : null} @click=${() => actions.choose(event.seq, offer.entry)}>${offer.question}</button>`)}
  </div>`;
}

/** @param {any} ctx @param {LogEvent} event */
function helpfulRow({ chat, say, actions }, event) {
  if (event.from !== 'bot' || !event.body.entry) return null;
  const said = chat.feedback[event.seq];
  if (said !== undefined) return html`<p class="helpful done">${say(said ? 'thanks' : 'sorry')}</p>`;
  const latest = chat.events.findLast((/** @type {LogEvent} */ each) => each.type === 'message' || each.type === 'chosen');
  if (latest !== event || chat.owner !== 'bot') return null;
  return html`<div class="helpful" role="group" aria-label=${say('helpful')}><span>${say('helpful')}</span>
    <button type="button" class="chip" @click=${() => actions.helpful(event.seq, true)}>${say('yes')}</button>
    <button type="button" class="chip" @click=${() => actions.helpful(event.seq, false)}>${say('no')}</button></div>`;
}

/** @param {any} ctx @param {any} row */
function unsent({ say, session, now }, { key, item, text }) {
  const refused = item.state === 'refused';
  const stuck = refused || item.tries > 0 || navigator.onLine === false;
  const slow = now - Date.parse(item.at) > 1_500;
  return html`<div class="turn shopper first unsent ${stuck ? 'stuck' : ''}" key=${key}>
    <div class="words"><p class="sr">${say('you')}</p>
      <div class="bubble"><div class="md" dir="auto"><p>${text}</p></div></div>
      ${stuck
        ? html`<div class="why"><span>${say(refused ? 'failedAct' : 'unsent')}</span>
            <button type="button" class="link" @click=${() => session.outbox.retry(item.client_id)}>${say('resend')}</button>
            <button type="button" class="link" @click=${() => session.outbox.drop(item.client_id)}>${say('discard')}</button></div>`
        : html`<span class="at">${slow ? say('sending') : '\u00a0'}</span>`}
    </div></div>`;
}
