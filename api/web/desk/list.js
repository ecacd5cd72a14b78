/** The left column: my state, who waits, what I have, what others have. */
import { html, nothing, repeat } from '../vendor/lit-html.js';
import { clock } from '../shared/times.js';
import { icon } from '../staff/icons.js';
import { sayProblem } from '../staff/words.js';
import { sections, unseen } from './state.js';

const REASONS = ['away_1', 'away_2', 'away_3', 'away_4'];

/** @param {any} page */
export function listView(page) {
  const { desk, staff, view, actions } = page;
  const { say } = staff;
  if (desk.phase === 'loading') return html`<div class="wait" role="status" aria-label=${say('starting')}><i></i><i></i><i></i><i></i></div>`;
  if (desk.phase === 'failed') {
    return html`<div class="empty"><strong>${say('failed')}</strong><span class="small">${sayProblem(say, desk.problem)}</span>
      <button class="btn" @click=${() => desk.refresh()}>${say('again')}</button></div>`;
  }
  const { queue, mine, others, bots } = sections(desk.lists);
  return html`${stateView(page)}
    <div class="scroll">
      <section aria-labelledby="h-queue">
        <h2 id="h-queue">${say('queue')}<span class="badge ${queue.length ? 'count' : ''}">${queue.length}</span>
          ${queue.length ? html`<button class="btn slim main next" type="button" @click=${actions.claimNext}>${say('next')}</button>` : nothing}</h2>
        ${queue.length ? rows(page, queue, 'queue')
          : html`<p class="none">${say('queue_empty')}<br><span class="tiny">${desk.lists.me?.state === 'available' ? say('queue_empty_text') : say('away_hint')}</span></p>`}
      </section>
      <section aria-labelledby="h-mine">
        <h2 id="h-mine">${say('mine')}<span class="badge">${mine.length}</span></h2>
        ${mine.length ? rows(page, mine, 'mine') : html`<p class="none">${say('mine_empty')}</p>`}
      </section>
      ${others.length ? html`<section aria-labelledby="h-others"><h2 id="h-others">${say('others')}<span class="badge">${others.length}</span></h2>${rows(page, others, 'others')}</section>` : nothing}
      ${bots.length ? html`<section><h2><button class="fold" type="button" aria-expanded=${view.bots}
          @click=${() => { view.bots = !view.bots; page.render(); }}>${say('bots')}<span class="badge">${bots.length}</span></button></h2>
          ${view.bots ? rows(page, bots, 'bots') : nothing}</section>` : nothing}
    </div>
    ${colleagues(page)}`;
}

/** @param {any} page */
function stateView({ desk, staff, actions }) {
  const { say } = staff;
  const me = desk.lists.me ?? {};
  return html`<div class="mystate">
    <div class="seg" role="group" aria-label=${say('state_label')}>${['available', 'away', 'wrapup'].map((state) => html`
      <button type="button" aria-pressed=${me.state === state} @click=${() => actions.state(state)}>
        <span class="dot ${{ available: 'good', away: 'off', wrapup: 'warn' }[state]}"></span>${say(`state_${state}`)}</button>`)}</div>
    ${me.state === 'away' ? html`<div class="reasons" role="group" aria-label=${say('away_why')}>${REASONS.map((key) => html`
      <button class="btn slim" type="button" aria-pressed=${me.reason === say(key)}
        @click=${() => actions.state('away', me.reason === say(key) ? undefined : say(key))}>${say(key)}</button>`)}</div>` : nothing}
  </div>`;
}

/** @param {any} page @param {import('./state.js').Row[]} list @param {string} kind */
const rows = (page, list, kind) =>
  html`<ul class="rows">${repeat(list, (row) => row.conversation, (row) => rowView(page, row, kind))}</ul>`;

/** @param {any} page @param {import('./state.js').Row} row @param {string} kind */
function rowView({ desk, staff, show }, row, kind) {
  const { say, settings } = staff;
  const fresh = unseen(row, desk.seen);
  const owed = kind === 'mine' ? row.unread : 0;
  const name = desk.chats.get(row.conversation)?.customer?.name || nameOf(row, say);
  const id = row.conversation;
  const typing = desk.isTyping(id);
  const draft = kind === 'mine' && id !== desk.selected && desk.drafts.get(id).text;
  return html`<li><button class="row-btn ${kind}" id="row-${id}" type="button" aria-current=${id === desk.selected ? 'true' : nothing} @click=${() => show(id)}>
    <span class="one"><span class="name clip">${name}</span>
      ${row.ticket && name !== row.ticket ? html`<span class="ticket num">${row.ticket}</span>` : nothing}
      ${row.queued_at && kind === 'queue' ? html`<span class="since num" title=${say('waiting')}>${icon('clock')}<since-time at=${row.queued_at} lang=${settings.locale}></since-time></span>`
        : row.last ? html`<time class="since tiny" datetime=${row.last.at}>${clock(row.last.at, settings.locale)}</time>` : nothing}</span>
    <span class="two"><span class="last">${typing ? html`<em>${say('typing')}</em>` : draft ? html`<em>${icon('pen')} ${draft}</em>` : (row.last?.text ?? '')}</span>
      ${owed ? html`<span class="badge count ${fresh ? '' : 'hollow'}" aria-label=${fresh ? say('unread', owed) : say('unanswered', owed)}>${owed}</span>` : nothing}</span>
    ${tags(row, kind, say)}
  </button></li>`;
}

/** @param {import('./state.js').Row} row @param {string} kind @param {any} say */
function tags(row, kind, say) {
  const marks = [];
  if (row.mood && row.mood !== 'calm') marks.push(html`<span class="badge slim ${row.mood === 'furious' ? 'bad' : 'warn'}">${say(row.mood)}</span>`);
  else if (row.reason === 'furious') marks.push(html`<span class="badge slim bad">${say('furious')}</span>`);
  if (row.reason && row.reason !== 'furious' && kind === 'queue') marks.push(html`<span class="badge slim">${say(`reason_${row.reason}`)}</span>`);
  if (row.front && kind === 'queue') marks.push(html`<span class="badge slim accent">${say('front')}</span>`);
  if (row.late && kind === 'queue') marks.push(html`<span class="badge slim warn">${say('late')}</span>`);
  if (row.held) marks.push(html`<span class="badge slim">${icon('hold')}${say('held')}</span>`);
  if (row.locale === 'en') marks.push(html`<span class="badge slim">EN<span class="visually-hidden"> ${say('english')}</span></span>`);
  if (kind === 'others') marks.push(html`<span class="badge slim">${icon('user')}${row.agent?.name}</span>`);
  return marks.length ? html`<span class="tags">${marks}</span>` : nothing;
}

/** Who it is, as far as known. @param {import('./state.js').Row} row @param {any} say */
export const nameOf = (row, say) => row.customer?.name || row.ticket || say('shopper');

/** @param {any} page */
function colleagues({ desk, staff }) {
  const { say } = staff;
  const agents = desk.lists.agents;
  if (!agents.length) return nothing;
  const here = (/** @type {any} */ agent) => agent.present !== false;
  const free = agents.filter((/** @type {any} */ agent) => agent.state === 'available' && here(agent)).length;
  return html`<details class="colleagues"><summary>${say('colleagues')}<span class="quiet">${say('free', free)}</span></summary>
    <ul>${agents.map((/** @type {any} */ agent) => html`<li>
      <span class="dot ${!here(agent) ? 'off' : { available: 'good', away: 'off', wrapup: 'warn' }[/** @type {'away'} */ (agent.state)] ?? 'off'}"></span>
      <span class="grow clip">${agent.name}</span>
      <span class="quiet tiny">${here(agent) ? say(`state_${agent.state}`) + (agent.state === 'away' && agent.reason ? `（${agent.reason}）` : '') : say('not_here')}</span>
      <span class="num tiny">${say('agent_chats', agent.conversations)}</span></li>`)}</ul></details>`;
}
