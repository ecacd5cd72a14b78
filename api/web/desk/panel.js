/** The right column: how it came to this, FAQ to hand, who the shopper is. */
import { html, nothing, repeat } from '../vendor/lit-html.js';
import { parse, toDom } from '../shared/markdown.js';
import { clock, day } from '../shared/times.js';
import { KIND_TONE, bar, confidenceMeter, marked, reasons, saidInWords, signals } from '../staff/decision.js';
import { icon } from '../staff/icons.js';
import { firstLine } from '../staff/text.js';
import { sayProblem } from '../staff/words.js';
import { insertHit } from './composer.js';
import { allowed, alreadyShown, askedBy } from './state.js';

const TABS = [['mind', 'mind'], ['faq', 'book'], ['past', 'user']];

/** @param {any} page */
export function panelView(page) {
  const { staff, view, actions } = page;
  const { say } = staff;
  const body = { mind: mindView, faq: faqView, past: pastView }[/** @type {'mind'} */ (view.tab)];
  return html`<div class="tabs"><button class="btn icon plain narrow-only" type="button" aria-label=${say('close')} @click=${() => actions.panel(false)}>${icon('back')}</button>
    <div role="tablist" aria-label=${say('panel')} @keydown=${(/** @type {KeyboardEvent} */ event) => arrows(page, event)}>${TABS.map(([name, glyph]) => html`<button role="tab" id="tab-${name}" type="button"
      aria-selected=${view.tab === name} aria-controls="tabpanel" tabindex=${view.tab === name ? 0 : -1} @click=${() => actions.tab(name)}>${icon(glyph)}${say(name)}</button>`)}</div></div>
    <div class="tab-body" id="tabpanel" role="tabpanel" aria-labelledby="tab-${view.tab}" tabindex="0">${body(page, page.desk.current)}</div>`;
}

/** @param {any} page @param {KeyboardEvent} event */
function arrows(page, event) {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
  if (!step) return;
  event.preventDefault();
  const names = TABS.map(([name]) => name);
  const next = names[(names.indexOf(page.view.tab) + step + names.length) % names.length];
  page.actions.tab(next);
  document.getElementById(`tab-${next}`)?.focus();
}

/** @param {any} page @param {import('./desk.js').Open} open */
function mindView(page, open) {
  const { desk, staff } = page;
  const { say } = staff;
  const { decision } = open;
  if (!decision) return html`<p class="none">${say('no_decision')}</p>`;
  const shown = alreadyShown(open.chat);
  const asked = askedBy(open.chat);
  const hits = (decision.hits ?? []).slice(0, 5);
  const best = Math.max(...hits.map((/** @type {any} */ hit) => hit.score ?? 0), 1e-9);
  return html`<section class="block">
      <h3>${say('understood')}<span class="badge slim ${KIND_TONE[/** @type {'answer'} */ (decision.kind)] ?? ''}">${say(decision.kind)}</span></h3>
      ${asked ? html`<blockquote class="asked"><span class="label">${say('asked')}</span>${asked}</blockquote>` : nothing}
      <p class="lead">${saidInWords(decision, say, desk.names.of)}</p>
      ${confidenceMeter(decision.confidence ?? 0, say)}
      ${signals(decision, say)}
      ${reasons(decision, say)}
    </section>
    <section class="block"><h3>${say('tried')}</h3>
      ${shown.length ? html`<ul class="shown">${shown.map((each) => html`<li><span class="grow">${desk.names.of(each.entry)}</span>
        ${each.helpful === undefined ? nothing : html`<span class="badge slim ${each.helpful ? 'good' : 'warn'}">${say(each.helpful ? 'helped' : 'not_helped')}</span>`}</li>`)}</ul>`
        : html`<p class="quiet small">${say('tried_none')}</p>`}
    </section>
    <section class="block"><h3>${say('candidates')}</h3>
      ${hits.length ? html`<ol class="hits">${hits.map((/** @type {any} */ hit) => html`<li>
        <button class="link" type="button" @click=${() => page.actions.lookUp(desk.names.of(hit.entry))}>${desk.names.of(hit.entry)}</button>
        <div class="row nowrap-row">${bar((hit.score ?? 0) / best)}<span class="num tiny quiet">${(hit.score ?? 0).toFixed(2)}</span></div></li>`)}</ol>`
        : html`<p class="quiet small">${say('no_candidates')}</p>`}
    </section>`;
}

/** @param {any} page @param {import('./desk.js').Open} open */
function faqView(page, open) {
  const { desk, staff, ime } = page;
  const { faq } = desk;
  const { say } = staff;
  const may = allowed(open.row, desk.lists.me).reply;
  const keydown = (/** @type {any} */ event) => {
    if (ime.composing(event)) return;
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault();
      faq.move(event.key === 'ArrowDown' ? 1 : -1);
    } else if (event.key === 'Enter') {
      event.preventDefault();
      if (faq.status !== 'ready') void faq.search();
      else if (faq.hits[faq.chosen]) void insertHit(page, faq.hits[faq.chosen]);
    }
  };
  const query = faq.text.trim();
  return html`<div class="faq-search"><label class="search"><span class="visually-hidden">${say('faq_label')}</span>${icon('search')}
      <input class="input" id="faq" type="search" placeholder=${say('faq_hint')} .value=${faq.text} maxlength="300" autocomplete="off" aria-controls="faq-hits"
        @input=${(/** @type {any} */ event) => faq.type(event.target.value)} @keydown=${keydown}></label>
      <p class="tiny quiet">${faq.own ? '' : `${say('faq_follow')} · `}${say(may ? 'faq_keys' : 'not_mine')}</p></div>
    ${faq.status === 'failed' ? html`<div class="empty"><strong>${say('faq_failed')}</strong><span class="small">${sayProblem(say, faq.problem)}</span>
        <button class="btn slim" type="button" @click=${() => faq.search()}>${say('again')}</button></div>`
      : faq.status === 'busy' && !faq.hits.length ? html`<div class="wait"><i></i><i></i><i></i></div>`
      : faq.status === 'ready' && !faq.hits.length ? html`<div class="empty"><strong>${say('faq_none')}</strong><span class="small">${say('faq_none_text')}</span></div>` : nothing}
    <ol class="faq-hits ${faq.status}" id="faq-hits" aria-busy=${faq.status === 'busy'}>${repeat(faq.hits, (hit) => hit.entry, (hit, place) => html`
      <li class=${place === faq.chosen ? 'chosen' : ''}>
        <div class="q"><span class="grow">${marked(hit.question ?? desk.names.of(hit.entry), query)}</span>${hit.category ? html`<span class="badge slim">${hit.category}</span>` : nothing}</div>
        <details><summary class="a">${firstLine(hit.answer ?? '')}</summary><div class="full">${toDom(parse(hit.answer ?? ''))}</div></details>
        <div class="row"><a class="tiny" href="/studio#/entries/${encodeURIComponent(hit.entry)}" target="_blank" rel="noopener" ?hidden=${staff.user.role === 'agent'}>${say('open_entry')}</a><span class="grow"></span>
          ${may ? html`<button class="btn slim" type="button" @click=${() => insertHit(page, hit)}>${icon('insert')}${say('insert')}<kbd>Alt ${place + 1}</kbd><span class="visually-hidden">${hit.question ?? ''}</span></button>` : nothing}</div>
      </li>`)}</ol>`;
}

/** @param {any} page @param {import('./desk.js').Open} open */
function pastView({ staff, show }, open) {
  const { say, settings } = staff;
  const { locale } = settings;
  const { customer, row } = open;
  const now = Date.now();
  const fact = (/** @type {string} */ key, /** @type {unknown} */ value) => (value ? html`<div><dt>${say(key)}</dt><dd>${value}</dd></div>` : nothing);
  const page = open.chat.events[0]?.body?.page ?? /** @type {any} */ (row).page;
  return html`<section class="block"><h3>${customer?.name || say('shopper')}</h3>
      <p class="small">${customer ? html`<span class="badge slim good">${icon('done')}${say('verified')}</span>` : html`<span class="badge slim">${say('unverified')}</span>`}</p>
      <dl class="signals">
        ${fact('customer_id', customer?.id)}${fact('page_seen', page)}
        ${fact('opened_at', open.chat.events[0] ? `${day(open.chat.events[0].at, locale, now)} ${clock(open.chat.events[0].at, locale)}` : null)}
        ${fact('language_used', row.locale === 'en' ? 'English' : '日本語')}
        ${fact('reason_label', row.reason ? say(`reason_${row.reason}`) : null)}
      </dl></section>
    <section class="block"><h3>${say('past_chats')}</h3>
      ${customer?.past?.length ? html`<ul class="pasts">${customer.past.map((/** @type {any} */ past) => html`<li><button class="row-btn" type="button" @click=${() => show(past.conversation)}>
          <span class="one"><span class="grow">${day(past.opened_at, locale, now)} <time class="num">${clock(past.opened_at, locale)}</time></span>
            ${past.rating ? html`<span class="badge slim">${icon('star')}${past.rating}</span>` : nothing}
            ${past.closed_at ? nothing : html`<span class="badge slim accent">${say('still_open')}</span>`}</span>
          ${past.last?.text || past.text ? html`<span class="last">${past.last?.text ?? past.text}</span>` : nothing}</button></li>`)}</ul>`
        : html`<p class="quiet small">${say('past_none')}</p>`}</section>`;
}
