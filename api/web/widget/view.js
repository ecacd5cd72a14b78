/** The whole widget from its state: launcher, panel, head, body, field. One pure function of `ctx`. */
import { LONGEST } from './actions.js';
import { html } from './dom.js';
import { manned, thinking } from '../shared/fold.js';
import { span, waitRange } from '../shared/times.js';
import { timeline } from './timeline.js';

/** @param {any} ctx */
export function view(ctx) {
  return html`${ctx.state.open ? panel(ctx) : launcher(ctx)}
    <div class="sr" role="status" aria-live="polite">${ctx.state.announced}</div>`;
}

/** @param {any} ctx */
function launcher({ chat, say, session, state, actions }) {
  const { unread } = session;
  const busy = manned(chat);
  const label = !busy ? 'launch' : chat.agent ? 'launchAgent' : 'launchWaiting';
  return html`<button type="button" class="launcher" @click=${actions.open}>
      ${busy ? personIcon : chatIcon}<span>${say(label, chat.agent?.name ?? say('agent'))}</span>
      ${unread ? html`<span class="badge"><span aria-hidden="true">${unread > 9 ? '9+' : unread}</span><span class="sr">${say('unread', unread)}</span></span>` : null}
    </button>`;
}

/** @param {any} ctx */
function panel(ctx) {
  const { state, say, locale, actions } = ctx;
  return html`<div class="panel" role="dialog" lang=${locale} aria-modal=${state.sheet ? 'true' : 'false'}
      aria-labelledby="title" @keydown=${actions.keydown}>
    ${head(ctx)} ${banner(ctx)} ${body(ctx)}
    <div class="foot">
      ${waiting(ctx)} ${form(ctx)} ${rating(ctx)} ${door(ctx)} ${suggestions(ctx)} ${composer(ctx)}
    </div>
  </div>`;
}

/** @param {any} ctx @returns {string} who is on the other side right now */
export function standing({ chat, say }) {
  const name = chat.agent?.name ?? say('agent');
  if (chat.owner === 'agent') return say('statusAgent', name);
  return say(chat.owner === 'queue' ? 'statusQueue' : chat.owner === 'closed' ? 'statusClosed' : 'statusBot');
}

/** @param {any} ctx */
function head(ctx) {
  const { chat, say, state, actions, settings } = ctx;
  return html`<header class="head">
    <div class="naming"><h2 id="title" tabindex="-1">${settings.title || say('title')}</h2>
      <p class="standing ${chat.owner}">${standing(ctx)}</p></div>
    <div class="tools">
      <button type="button" class="round menu-button" aria-label=${say('menu')} aria-expanded=${String(state.menu)} aria-controls="menu"
        @click=${actions.menu}>${menuIcon}</button>
      <button type="button" class="round" aria-label=${say('minimise')} @click=${actions.close}>${closeIcon}</button>
    </div>
    <div class="menu" id="menu" hidden=${!state.menu}>
      <button type="button" @click=${actions.language} lang=${ctx.locale === 'ja' ? 'en' : 'ja'}>${say('toOther')}</button>
      <button type="button" @click=${actions.form}>${say('leave')}</button>
      ${chat.owner === 'closed' || chat.owner === 'nobody'
        ? html`<button type="button" @click=${actions.fresh}>${say('fresh')}</button>`
        : html`<button type="button" @click=${actions.end}>${say('end')}</button>`}
    </div>
  </header>`;
}

/** What is wrong with the line, when something is. @param {any} ctx */
function banner({ session, say, state, actions }) {
  const offline = navigator.onLine === false || session.status === 'offline';
  const failed = session.status === 'failed';
  const trouble = offline ? 'offline' : failed ? 'failed' : state.troubled ? 'reconnecting' : null;
  if (state.notice) return html`<p class="banner" role="alert">${state.notice}</p>`;
  if (!trouble) return null;
  return html`<div class="banner" role="status"><span>${say(trouble)}</span>
    ${failed && !offline ? html`<button type="button" class="link" @click=${actions.retry}>${say('retry')}</button>` : null}</div>`;
}

const dotted = html`<span class="dots" aria-hidden="true"><i/><i/><i/></span>`;

/** @param {any} ctx */
function body(ctx) {
  const { chat, say, state, actions, session } = ctx;
  const empty = chat.events.length === 0;
  return html`<div class="middle"><div class="log" role="log" aria-live="off" aria-label=${say('log')} tabindex="0"
      @scroll=${actions.scrolled}>
    ${empty && session.status !== 'failed' ? html`<p class="loading note" role="status">${dotted}${say('loading')}</p>` : null}
    ${ctx.hidden ? html`<button type="button" class="link earlier" @click=${actions.earlier}>${say('earlier')}</button>` : null}
    ${timeline(ctx)}
    ${dots(ctx)}
  </div>
  ${state.below ? html`<button type="button" class="latest" @click=${actions.toLatest}>${say('latest')}</button>` : null}</div>`;
}

/** @param {any} ctx */
function dots({ chat, say, now, session }) {
  const agent = chat.owner === 'agent' && session.typingUntil > now;
  if (!agent && !thinking(chat)) return null;
  const label = agent ? say('typing', chat.agent?.name ?? say('agent')) : say('thinking');
  return html`<div class="turn ${agent ? 'agent' : 'bot'} first typing"><span class="mark" aria-hidden="true"></span>
    <div class="words"><div class="bubble">${dotted}<span class="doing">${label}</span></div></div></div>`;
}

/** @param {any} ctx */
function suggestions({ state, say, actions }) {
  if (!state.suggested.length) return null;
  return html`<div class="suggestions" role="group" aria-label=${say('suggestions')} @keydown=${actions.suggestionKey}>
    <p class="label">${say('suggestions')}</p>
    ${state.suggested.map((/** @type {any} */ each) => html`<button type="button" class="suggestion" @click=${() => actions.take(each.question)}>${each.question}</button>`)}
  </div>`;
}

/** @param {any} ctx */
function composer({ chat, say, state, actions, locale }) {
  const over = state.length - LONGEST;
  const hint = chat.owner === 'closed' ? 'placeholderClosed' : manned(chat) ? 'placeholderAgent' : 'placeholder';
  return html`<form class="composer" @submit=${actions.submit} hidden=${state.form !== null}>
    <div class="box"><textarea rows="1" aria-label=${say('field')} aria-describedby="keys" lang=${locale}
      placeholder=${say(hint)} @input=${actions.input} @keydown=${actions.fieldKey} @compositionend=${actions.input}></textarea>
      <button class="send" aria-label=${say('send')} disabled=${state.length === 0 || over > 0}>${sendIcon}</button></div>
    <p class="keys ${over > 0 ? 'error' : ''}" id="keys">${over > -300 ? say('left', -over) : state.touch ? '' : say('keys')}</p>
  </form>`;
}

/** The way to a person, in sight from the first screen. @param {any} ctx */
function door({ chat, say, session, actions, state }) {
  if (state.form || manned(chat)) return null;
  const calling = session.pending('handover');
  const formOffered = chat.events.findLast((/** @type {any} */ event) => event.type === 'message')?.body.form === true;
  return html`<div class="door">
    <button type="button" class="person" disabled=${calling} @click=${actions.handover}>${personIcon}
      <span>${say(calling ? 'calling' : 'person')}</span></button>
    ${formOffered ? html`<button type="button" class="person" @click=${actions.form}>${mailIcon}<span>${say('leave')}</span></button>` : null}
  </div>`;
}

/** Ticket, place and an honest range. @param {any} ctx */
function waiting({ chat, say, locale, now, session, actions, state }) {
  const { queue } = chat;
  if (chat.owner !== 'queue' || state.form) return null;
  const since = queue ? Math.max(0, (now - Date.parse(queue.since)) / 1000) : 0;
  const left = queue?.wait && {
    low: Math.max(0, queue.wait.low - since), high: Math.max(0, queue.wait.high - since),
  };
  const late = left && left.high <= 0;
  const range = late ? null : waitRange(left, locale);
  return html`<section class="card waiting" aria-label=${say('statusQueue')}>
    <dl>
      ${queue?.ticket ? html`<div><dt>${say('ticket')}</dt><dd>${queue.ticket}</dd></div>` : null}
      ${queue?.position ? html`<div><dt>${say('position')}</dt><dd>${say('nth', queue.position)}</dd></div>` : null}
      ${range || late ? html`<div><dt>${say('wait')}</dt><dd>${range ?? say('late')}</dd></div>` : null}
    </dl>
    ${since >= 60 ? html`<p class="note">${say('waited', span(since, locale))}</p>` : null}
    <p class="note">${say('waitNote')}</p>
    <div class="row">
      <button type="button" class="link" @click=${actions.form}>${say('leave')}</button>
      <button type="button" class="link" disabled=${session.pending('return')} @click=${actions.back}>${say('back')}</button>
    </div>
  </section>`;
}

/** The message form, for when nobody can come. @param {any} ctx */
function form({ say, state, actions, session }) {
  if (!state.form) return null;
  const { errors, values } = state.form;
  const sending = session.pending('contact');
  /** @param {string} name @param {any} field @param {string} label @param {any} [more] */
  const labelled = (name, field, label, more = null) => html`<div class="field">
    <label for="f-${name}">${label}${more}</label>${field}
    ${errors[name] ? html`<p class="error" id="e-${name}">${errors[name]}</p>` : null}</div>`;
  const bad = (/** @type {string} */ name) => (errors[name] ? 'true' : 'false');
  const described = (/** @type {string} */ name) => (errors[name] ? `e-${name}` : null);
  return html`<form class="card form" novalidate @submit=${actions.leave} @input=${actions.formInput} aria-labelledby="form-title">
    <h3 id="form-title">${say('formTitle')}</h3>
    <p class="note">${say('formLead')}</p>
    ${labelled('email', html`<input id="f-email" name="email" type="email" autocomplete="email" maxlength="254"
      .value=${values.email ?? ''} aria-invalid=${bad('email')} aria-describedby=${described('email')} required />`, say('email'))}
    ${labelled('name', html`<input id="f-name" name="name" autocomplete="name" maxlength="100" .value=${values.name ?? ''} />`,
      say('name'), html`<span class="optional">${say('optional')}</span>`)}
    ${labelled('text', html`<textarea id="f-text" name="text" rows="4" maxlength="4000" .value=${values.text ?? ''}
      aria-invalid=${bad('text')} aria-describedby=${described('text')} required></textarea>`, say('text'))}
    ${errors.all ? html`<p class="error" role="alert">${errors.all}</p>` : null}
    <div class="row end">
      <button type="button" class="quiet" @click=${actions.formClose}>${say('cancel')}</button>
      <button class="strong" disabled=${sending}>${say(sending ? 'sending' : 'formSend')}</button>
    </div>
  </form>`;
}

/** One to five and a word, once a conversation is over. @param {any} ctx */
function rating({ chat, say, state, actions, session }) {
  const spoke = chat.events.some((/** @type {any} */ event) => event.type === 'message' && event.from === 'shopper');
  if (chat.owner !== 'closed' || !spoke || state.form || state.unrated) return null;
  if (chat.rating) return html`<p class="note centred" role="status">${say('rateThanks')}</p>`;
  return html`<form class="card rating" @submit=${actions.rate} aria-labelledby="rate-title">
    <h3 id="rate-title">${say('rateTitle')}</h3>
    <div class="scores" role="radiogroup" aria-labelledby="rate-title">
      ${[1, 2, 3, 4, 5].map((score) => html`<label class="score"><input type="radio" name="score" value=${score}
        .checked=${state.score === score} @change=${() => actions.score(score)} aria-label="${score}: ${say('rate', score)}" /><span>${score}</span></label>`)}
    </div>
    <p class="ends" aria-hidden="true"><span>${say('rate', 1)}</span><span>${say('rate', 5)}</span></p>
    ${state.score
      ? html`<div class="field"><label for="r-word">${say('rateComment')}<span class="optional">${say('optional')}</span></label>
          <textarea id="r-word" name="comment" rows="2" maxlength="1000"></textarea></div>`
      : null}
    <div class="row end"><button type="button" class="quiet" @click=${actions.unrate}>${say('rateSkip')}</button>
      <button class="strong" disabled=${!state.score || session.pending('rating')}>${say('rateSend')}</button></div>
  </form>`;
}

/** A line icon, 24 units, in the colour of the text around it; silent for screen readers. @param {any} inside */
const icon = (inside) => html`<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6"
  stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${inside}</svg>`;

const chatIcon = icon(html`<path d="M4.5 6.5a2 2 0 0 1 2-2h11a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6.2L7 20v-3.5h-.5a2 2 0 0 1-2-2z"/><path d="M8.5 9h7M8.5 12.2h4.6"/>`);
const personIcon = icon(html`<circle cx="12" cy="8.2" r="3.7"/><path d="M4.8 19.5c.9-3.6 3.7-5.4 7.2-5.4s6.3 1.8 7.2 5.4"/>`);
const closeIcon = icon(html`<path d="m6 9.5 6 6 6-6"/>`);
const menuIcon = icon(html`<circle cx="5.5" cy="12" r=".9"/><circle cx="12" cy="12" r=".9"/><circle cx="18.5" cy="12" r=".9"/>`);
const sendIcon = icon(html`<path d="M12 19V5.5M6.2 11.2 12 5.4l5.8 5.8"/>`);
const mailIcon = icon(html`<rect x="3.8" y="5.8" width="16.4" height="12.4" rx="2"/><path d="m4.4 7.4 7.6 5.8 7.6-5.8"/>`);
