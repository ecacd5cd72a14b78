/** The whole widget from its state: launcher, panel, head, body, field. One pure function of `ctx`. */
import { html } from './dom.js';
import { thinking } from '../shared/fold.js';
import { door, form, rating, waiting } from './cards.js';
import { chatIcon, closeIcon, crossIcon, downIcon, menuIcon, narrowIcon, personIcon, sendIcon, widenIcon } from './icons.js';
import { timeline } from './timeline.js';

export const LONGEST = 4000;

/** @param {any} ctx */
export function view(ctx) {
  return html`${ctx.state.open ? panel(ctx) : launcher(ctx)}
    <div class="sr" role="status" aria-live="polite">${ctx.state.announced}</div>`;
}

/** @param {any} ctx */
function launcher({ chat, say, session, state, actions }) {
  const { unread } = session;
  const label =
    chat.owner === 'queue' ? say('launchWaiting', chat.queue?.position)
    : chat.owner === 'agent' ? say('launchAgent', chat.agent?.name ?? say('someone'))
    : say('launch');
  const last = chat.events.findLast((/** @type {any} */ event) => event.type === 'message' && event.from !== 'shopper');
  const peek = unread && last?.from === 'agent' && !state.peekClosed ? last : null;
  return html`<div class="launch">
    ${peek ? html`<div class="peek"><button type="button" class="peek-text" @click=${actions.open}>
        <b>${peek.name ?? say('agent')}</b><span>${peek.body.text}</span></button>
        <button type="button" class="round" aria-label=${say('cancel')} @click=${actions.peekClose}>${crossIcon}</button></div>` : null}
    <button type="button" class="launcher" aria-haspopup="dialog" @click=${actions.open}>
      ${chat.owner === 'agent' || chat.owner === 'queue' ? personIcon : chatIcon}<span>${label}</span>
      ${unread ? html`<span class="badge"><span aria-hidden="true">${unread > 9 ? '9+' : unread}</span><span class="sr">${say('unread', unread)}</span></span>` : null}
    </button></div>`;
}

/** @param {any} ctx */
function panel(ctx) {
  const { state, say, locale, actions } = ctx;
  return html`<div class="panel ${state.wide ? 'wide' : ''}" role="dialog" lang=${locale} aria-modal=${state.sheet ? 'true' : 'false'}
      aria-labelledby="title" @keydown=${actions.keydown}>
    ${head(ctx)} ${banner(ctx)} ${body(ctx)}
    <div class="foot">
      ${waiting(ctx)} ${form(ctx)} ${rating(ctx)} ${door(ctx)} ${suggestions(ctx)} ${composer(ctx)}
    </div>
    ${state.ending ? html`<div class="veil"><section class="card ask" role="alertdialog" aria-labelledby="ask" aria-describedby="ask-note">
      <h3 id="ask">${say('endAsk')}</h3><p class="note" id="ask-note">${say('endNote')}</p>
      <div class="row end"><button type="button" class="quiet" @click=${actions.keep}>${say('cancel')}</button>
      <button type="button" class="strong" @click=${actions.end}>${say('endYes')}</button></div></section></div>` : null}
  </div>`;
}

/** @param {any} ctx @returns {string} who is on the other side right now */
export function standing({ chat, say }) {
  const name = chat.agent?.name ?? say('someone');
  if (chat.owner === 'agent') return say(chat.held ? 'statusHeld' : 'statusAgent', name);
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
      <button type="button" class="round widen" aria-label=${say(state.wide ? 'narrow' : 'widen')} @click=${actions.widen}>${state.wide ? narrowIcon : widenIcon}</button>
      <button type="button" class="round" aria-label=${say('minimise')} @click=${actions.close}>${closeIcon}</button>
    </div>
    <div class="menu" id="menu" ?hidden=${!state.menu}>
      <button type="button" @click=${actions.language} lang=${ctx.locale === 'ja' ? 'en' : 'ja'}>${say('toOther')}</button>
      <button type="button" @click=${actions.form}>${say('leave')}</button>
      ${chat.owner === 'closed' || chat.owner === 'nobody'
        ? html`<button type="button" @click=${actions.fresh}>${say('fresh')}</button>`
        : html`<button type="button" @click=${actions.ask}>${say('end')}</button>`}
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

/** @param {any} ctx */
function body(ctx) {
  const { chat, say, state, actions, session } = ctx;
  const empty = chat.events.length === 0;
  return html`<div class="middle"><div class="log" role="log" aria-live="off" aria-label=${say('log')} tabindex="0"
      @scroll=${actions.scrolled}>
    ${empty && session.status !== 'failed' ? html`<div class="loading" role="status"><i></i><i></i><i></i><span class="sr">${say('loading')}</span></div>` : null}
    ${ctx.hidden ? html`<button type="button" class="link earlier" @click=${actions.earlier}>${say('earlier')}</button>` : null}
    ${timeline(ctx)}
    ${dots(ctx)}
  </div>
  ${state.below ? html`<button type="button" class="latest" @click=${actions.toLatest}>${downIcon}<span>${say('latest')}</span></button>` : null}</div>`;
}

/** @param {any} ctx */
function dots({ chat, say, now, session }) {
  const agent = chat.owner === 'agent' && session.typingUntil > now;
  if (!agent && !thinking(chat)) return null;
  const label = agent ? say('typing', chat.agent?.name ?? say('someone')) : say('thinking');
  return html`<div class="turn ${agent ? 'agent' : 'bot'} first typing"><span class="mark" aria-hidden="true"></span>
    <div class="words"><div class="bubble"><span class="dots" aria-hidden="true"><i></i><i></i><i></i></span><span class="doing">${label}</span></div></div></div>`;
}

/** @param {any} ctx */
function suggestions({ state, say, actions }) {
  if (!state.suggested.length) return null;
  return html`<div class="suggestions" role="group" aria-label=${say('suggestions')} @keydown=${actions.suggestionKey}>
    <p class="label">${say('suggestions')}</p>
    ${state.suggested.map((/** @type {any} */ each) => html`<button type="button" class="suggestion" @click=${() => actions.take(each)}>${each.question}</button>`)}
  </div>`;
}

/** @param {any} ctx */
function composer({ chat, say, state, actions, locale }) {
  const over = state.length - LONGEST;
  const hint = chat.owner === 'closed' ? 'placeholderClosed' : chat.owner === 'agent' || chat.owner === 'queue' ? 'placeholderAgent' : 'placeholder';
  return html`<form class="composer" @submit=${actions.submit} ?hidden=${Boolean(state.form)}>
    <div class="box"><textarea rows="1" enterkeyhint="send" aria-label=${say('field')} aria-describedby="keys" lang=${locale}
      placeholder=${say(hint)} @input=${actions.input} @keydown=${actions.fieldKey} @compositionend=${actions.input}></textarea>
      <button class="send" aria-label=${say('send')} ?disabled=${state.length === 0 || over > 0}>${sendIcon}</button></div>
    <p class="keys" id="keys">${over > 0 ? html`<span class="error">${say('tooLong', over)}</span>`
      : over > -300 ? say('left', -over) : state.touch ? '' : say('keys')}</p>
  </form>`;
}
