/** The middle column: who it is, what was said, and what staff alone may see of it. */
import { html, nothing, repeat } from '../vendor/lit-html.js';
import { parse, plain, toDom } from '../shared/markdown.js';
import { clock, day, dayKey, waitRange } from '../shared/times.js';
import { KIND_TONE, MOOD_TONE, confidenceMeter, reasons, saidInWords, signals, sureness } from '../staff/decision.js';
import { icon } from '../staff/icons.js';
import { nameOf } from './list.js';
import { allowed } from './state.js';

/** @param {any} page @param {import('./desk.js').Open} open */
export function headView(page, open) {
  const { desk, staff, view, show, actions } = page;
  const { say } = staff;
  const { row } = open;
  const may = allowed(row, desk.lists.me);
  const mood = open.decision?.mood?.label ?? row.mood;
  const act = (/** @type {string} */ name, /** @type {string} */ key, /** @type {string} */ glyph, /** @type {string} */ letter, extra = '') => html`
    <button class="btn slim ${extra}" type="button" title="${say(key)} (${letter.toUpperCase()})" aria-keyshortcuts=${letter} @click=${actions[name]}>${icon(glyph)}<span class="lbl">${say(key)}</span></button>`;
  return html`<header class="head">
    <button class="btn icon plain narrow-only" type="button" aria-label=${say('back_list')} @click=${() => show(null)}>${icon('back')}</button>
    <div class="grow">
      <h1 class="clip">${open.customer?.name || nameOf(row, say)}${row.ticket && open.customer?.name ? html` <span class="ticket num">${row.ticket}</span>` : nothing}</h1>
      <div class="facts">
        ${mood && mood !== 'calm' ? html`<span class="badge slim ${MOOD_TONE[mood]}">${say(mood)}</span>` : nothing}
        ${row.reason && !(row.reason === 'furious' && mood === 'furious') ? html`<span class="badge slim">${say(`reason_${row.reason}`)}</span>` : nothing}
        ${row.held ? html`<span class="badge slim warn">${icon('hold')}${say('held')}</span>` : nothing}
        ${row.owner === 'queue' && row.queued_at ? html`<span class="num quiet tiny">${say('waiting')} <since-time at=${row.queued_at}></since-time></span>` : nothing}
        ${row.owner === 'agent' && !may.mine ? html`<span class="badge slim">${icon('user')}${row.agent?.name}</span>` : nothing}
      </div>
    </div>
    ${may.move ? html`<div class="acts" role="group" aria-label=${say('actions')}>
      ${may.mine ? act('hold', row.held ? 'unhold' : 'hold', 'hold', 'h') : nothing}
      ${act('transfer', 'transfer', 'swap', 't')}
      ${act('toBot', 'to_bot', 'bot', 'b')}
      ${may.mine ? act('release', 'release', 'undo', 'l') : nothing}
      ${act('end', 'end', 'done', 'x')}
    </div>` : nothing}
    <button class="btn icon slim plain panel-btn" type="button" aria-label=${say(view.panel ? 'hide_panel' : 'show_panel')} title=${say('panel')}
      @click=${() => actions.panel()}>${icon('mind')}</button>
  </header>`;
}

/** @type {WeakMap<object, Map<string, unknown>>} what an event looks like does not change */
const drawn = new WeakMap();

/** @param {any} event @param {string} key @param {() => unknown} make */
function once(event, key, make) {
  let made = drawn.get(event);
  if (!made) drawn.set(event, (made = new Map()));
  if (!made.has(key)) made.set(key, make());
  return made.get(key);
}

const textOf = (/** @type {any} */ event) =>
  once(event, 'text', () => toDom(event.from === 'bot' ? parse(event.body.text ?? '') : plain(event.body.text ?? '')));

/** @param {any} page @param {import('./desk.js').Open} open */
export function threadView(page, open) {
  const { desk, staff, reading } = page;
  const { say, settings } = staff;
  const id = open.row.conversation;
  const { locale } = settings;
  const now = Date.now();
  let lastDay = '';
  /** @type {any} */ let before = null;
  const lines = open.chat.events.flatMap((event) => {
    const out = [];
    const key = dayKey(event.at);
    if (key !== lastDay) {
      lastDay = key;
      before = null;
      out.push({ key: `day-${key}`, view: html`<div class="day"><span>${day(event.at, locale, now)}</span></div>` });
    }
    const view = lineOf(page, open, event, before);
    if (view !== null) {
      out.push({ key: event.seq, view });
      before = event;
    }
    return out;
  });
  const pending = desk.sending.pending(id, open.chat).map((/** @type {any} */ item) => ({ key: item.client_id, view: pendingView(page, id, item) }));
  const typing = desk.isTyping(id) ? [{ key: 'typing', view: html`<div class="msg shopper typing"><div class="bubble"><i></i><i></i><i></i><span class="visually-hidden">${say('typing_long')}</span></div></div>` }] : [];
  return html`<div class="log-box">
    <div class="log" role="log" aria-label=${say('thread')} tabindex="0" @scroll=${(/** @type {any} */ event) => { const was = reading.missed; reading.scrolled(event.currentTarget); if (was !== reading.missed) page.render(); }}>
      ${repeat([...lines, ...pending, ...typing], (line) => line.key, (line) => line.view)}</div>
    ${reading.missed ? html`<button class="btn slim below" type="button" @click=${() => { const log = document.querySelector('.log'); if (log) log.scrollTop = log.scrollHeight; }}>↓ ${say('new_below')}</button>` : nothing}
  </div>`;
}

/** @param {any} page @param {any} open @param {any} event @param {any} before @returns {unknown} null: nothing to show */
function lineOf(page, open, event, before) {
  const { say } = page.staff;
  if (event.type === 'message') return messageView(page, open, event, before);
  if (event.type === 'chosen') return bubble(page, event, before, html`<p class="picked">${icon('done')}${say('ev_chosen', event.body.question ?? page.desk.names.of(event.body.entry))}</p>`);
  if (event.type === 'note') {
    return html`<div class="msg note"><div class="meta">${icon('note')}${say('note_by', event.name ?? '')}<time datetime=${event.at}>${clock(event.at, page.staff.settings.locale)}</time></div>
      <div class="bubble">${once(event, 'text', () => toDom(plain(event.body.text ?? '')))}</div></div>`;
  }
  if (event.type === 'decided') return decidedView(page, event);
  if (event.type === 'contact_left') {
    const { name, email, text } = event.body;
    return html`<div class="msg contact"><div class="meta">${icon('mail')}${say('ev_contact')}<time datetime=${event.at}>${clock(event.at, page.staff.settings.locale)}</time></div>
      <div class="bubble"><p><strong>${name ?? ''}</strong> ${email ? html`<a href="mailto:${email}">${email}</a>` : nothing}</p>${once(event, 'text', () => toDom(plain(text ?? '')))}</div></div>`;
  }
  const text = eventText(page, event, open);
  return text ? html`<div class="sys ${event.type}"><span>${text}</span><time datetime=${event.at}>${clock(event.at, page.staff.settings.locale)}</time></div>` : null;
}

/** @param {any} page @param {any} event @param {any} open */
function eventText({ staff, desk }, event, open) {
  const { say, settings } = staff;
  const { body } = event;
  const name = event.name ?? say('system');
  switch (event.type) {
    case 'opened': return say('ev_opened');
    case 'escalated': return say('ev_escalated', say(`reason_${body.reason ?? 'asked'}`));
    case 'queued': return body.late ? say('ev_late') : say('ev_queued', body.ticket ?? open.row.ticket ?? '', body.position, waitRange(body.wait ?? null, settings.locale));
    case 'assigned': return say('ev_assigned', name);
    case 'released': return (event.from === 'agent' ? say('ev_released', name) : say('ev_released_auto')) + (body.reason && event.from === 'agent' ? `: ${body.reason}` : '');
    case 'transferred': return say('ev_transferred', name, targetName(body.to, body.name, desk.lists.agents, say));
    case 'returned': return say('ev_returned');
    case 'held': return say(body.on === false ? 'ev_unheld' : 'ev_held', name);
    case 'feedback': return say(body.helpful ? 'ev_helpful' : 'ev_unhelpful');
    case 'rated': return say('ev_rated', Math.max(0, Math.min(5, body.score ?? 0))) + (body.comment ? `「${body.comment}」` : '');
    case 'closed': return (event.from === 'agent' || event.from === 'shopper' ? say('ev_closed', event.from === 'shopper' ? say('shopper') : name) : say('ev_closed_auto')) + (body.disposition ? `: ${dispositionName(body.disposition, say)}` : '');
    case 'reopened': return say('ev_reopened');
    case 'erased': return say('ev_erased');
    default: return null;
  }
}

/** @param {string} to @param {string | undefined} name @param {any[]} agents @param {any} say */
export function targetName(to, name, agents, say) {
  if (to === 'supervisor') return say('to_supervisor');
  if (to?.startsWith('desk:')) return say('to_desk', to.slice(5));
  return name ?? agents.find((agent) => agent.id === to)?.name ?? to ?? '';
}

/** @param {string} disposition @param {any} say */
export function dispositionName(disposition, say) {
  const text = say(`d_${disposition}`);
  return text === `d_${disposition}` ? disposition : text;
}

/** @param {any} page @param {any} open @param {any} event @param {any} before */
function messageView(page, open, event, before) {
  const { staff, desk } = page;
  const { say } = staff;
  const { entry, offers } = event.body;
  const feedback = open.chat.feedback[event.seq];
  return bubble(page, event, before, html`${textOf(event)}
    ${offers?.length ? html`<ul class="offers" aria-label=${say('offers')}>${offers.map((/** @type {any} */ offer) => html`
      <li class=${open.chat.chosen[event.seq] === offer.entry ? 'chosen' : ''}>${offer.question}</li>`)}</ul>` : nothing}
    ${entry || feedback !== undefined ? html`<div class="under">
      ${entry ? html`<span class="clip" title=${entry}>${icon('book')}${desk.names.of(entry)}</span>` : nothing}
      ${feedback === undefined ? nothing : html`<span class="badge slim ${feedback ? 'good' : 'warn'}">${say(feedback ? 'helped' : 'not_helped')}</span>`}</div>` : nothing}`);
}

const NEAR = 3 * 60_000;

/** @param {any} page @param {any} event @param {any} before @param {unknown} content */
function bubble({ staff, desk }, event, before, content) {
  const { say, settings } = staff;
  const mine = event.from === 'agent' && event.name === desk.lists.me?.name;
  const name = event.from === 'shopper' ? say('shopper') : event.from === 'bot' ? say('bot') : mine ? `${event.name}` : (event.name ?? '');
  const spoke = before && (before.type === 'message' || before.type === 'chosen') && before.from === event.from && before.name === event.name;
  const joined = spoke && Date.parse(event.at) - Date.parse(before.at) < NEAR;
  return html`<div class="msg ${event.from} ${joined ? 'joined' : ''}">
    ${joined ? nothing : html`<div class="meta">${event.from === 'bot' ? icon('bot') : nothing}<span>${name}</span><time datetime=${event.at}>${clock(event.at, settings.locale)}</time></div>`}
    <div class="bubble">${content}</div></div>`;
}

/** @param {any} page @param {any} event */
function decidedView({ staff, desk }, event) {
  const { say } = staff;
  const decision = event.body;
  if (!decision.kind) return null;
  const level = sureness(decision.confidence ?? 0);
  return html`<div class="decided"><details>
    <summary>${icon('mind')}<span class="badge slim ${KIND_TONE[decision.kind] ?? ''}">${say(decision.kind)}</span>
      <span class="clip grow">${saidInWords(decision, say, desk.names.of)}</span>
      <span class="num tiny">${Math.round((decision.confidence ?? 0) * 100)}%<span class="visually-hidden"> ${say(`sure_${level}`)}</span></span></summary>
    <div class="more">${confidenceMeter(decision.confidence ?? 0, say)}${signals(decision, say)}${reasons(decision, say)}</div>
  </details></div>`;
}

/** @param {any} page @param {string} id @param {any} item */
function pendingView({ desk, staff }, id, item) {
  const { say } = staff;
  const refused = item.state === 'refused';
  const out = desk.sending.box(id);
  const why = say(`e_${item.code}`);
  return html`<div class="msg ${item.action === 'notes' ? 'note' : 'agent'} pending ${refused ? 'refused' : ''}">
    <div class="bubble">${toDom(plain(item.body.text))}</div>
    <div class="meta" role=${refused ? 'alert' : 'status'}>${refused
      ? html`${icon('warn')}<span>${say('not_sent')}${why.startsWith('e_') ? '' : ` ${why}`}</span>
        <button class="link" type="button" @click=${() => out.retry(item.client_id)}>${say('resend')}</button>
        <button class="link" type="button" @click=${() => { out.drop(item.client_id); desk.drafts.set(id, { text: desk.drafts.get(id).text || item.body.text }); desk.changed(); }}>${say('discard')}</button>`
      : html`${item.tries ? say('waiting_line') : say('sending')}`}</div></div>`;
}
