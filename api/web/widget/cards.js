/** What stands between the log and the field, by state: the door to a person, waiting, the form, the rating. */
import { html } from './dom.js';
import { span, waitRange } from '../shared/times.js';
import { mailIcon, personIcon } from './icons.js';

/** The way to a person, in sight from the first screen. @param {any} ctx */
export function door({ chat, say, session, actions, state }) {
  if (state.form || chat.owner === 'queue' || chat.owner === 'agent') return null;
  const calling = session.pending('handover');
  const formOffered = chat.events.findLast((/** @type {any} */ event) => event.type === 'message')?.body.form === true;
  return html`<div class="door">
    <button type="button" class="person" ?disabled=${calling} @click=${actions.handover}>${personIcon}
      <span>${say(calling ? 'calling' : 'person')}</span></button>
    ${formOffered ? html`<button type="button" class="person" @click=${actions.form}>${mailIcon}<span>${say('leave')}</span></button>` : null}
  </div>`;
}

/** Ticket, place and an honest range. @param {any} ctx */
export function waiting({ chat, say, locale, now, session, actions, state }) {
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
      ${range || late ? html`<div><dt>${say('wait')}</dt><dd>${range ?? say('soon')}</dd></div>` : null}
    </dl>
    ${since >= 60 ? html`<p class="note">${say('waited', span(since, locale))}</p>` : null}
    <p class="note">${say('waitNote')}</p>
    <div class="row">
      <button type="button" class="link" @click=${actions.form}>${say('leave')}</button>
      <button type="button" class="link" ?disabled=${session.pending('return')} @click=${actions.back}>${say('back')}</button>
    </div>
  </section>`;
}

/** The message form, for when nobody can come. @param {any} ctx */
export function form({ say, state, actions, session }) {
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
    ${labelled('email', html`<input id="f-email" name="email" type="email" autocomplete="email" inputmode="email" maxlength="254"
      .value=${values.email ?? ''} aria-invalid=${bad('email')} aria-describedby=${described('email')} required />`, say('email'))}
    ${labelled('name', html`<input id="f-name" name="name" autocomplete="name" maxlength="100" .value=${values.name ?? ''} />`,
      say('name'), html`<span class="optional">${say('optional')}</span>`)}
    ${labelled('text', html`<textarea id="f-text" name="text" rows="4" maxlength="4000" .value=${values.text ?? ''}
      aria-invalid=${bad('text')} aria-describedby=${described('text')} required></textarea>`, say('text'))}
    ${errors.all ? html`<p class="error" role="alert">${errors.all}</p>` : null}
    <div class="row end">
      <button type="button" class="quiet" @click=${actions.formClose}>${say('cancel')}</button>
      <button class="strong" ?disabled=${sending}>${say(sending ? 'sending' : 'formSend')}</button>
    </div>
  </form>`;
}

/** One to five and a word, once a conversation is over. @param {any} ctx */
export function rating({ chat, say, state, actions, session }) {
  const spoke = chat.events.some((/** @type {any} */ event) => event.type === 'message' && event.from === 'shopper');
  if (chat.owner !== 'closed' || !spoke || state.form || state.unrated) return null;
  if (chat.rating) return html`<p class="note centred" role="status">${say('rateThanks')}</p>`;
  const names = /** @type {any} */ (say('rates'));
  return html`<form class="card rating" @submit=${actions.rate} aria-labelledby="rate-title">
    <h3 id="rate-title">${say('rateTitle')}</h3>
    <div class="scores" role="radiogroup" aria-labelledby="rate-title">
      ${[1, 2, 3, 4, 5].map((score) => html`<label class="score"><input type="radio" name="score" value=${score}
        .checked=${state.score === score} @change=${() => actions.score(score)} aria-label="${score}: ${names[score - 1]}" /><span>${score}</span></label>`)}
    </div>
    <p class="ends" aria-hidden="true"><span>${names[0]}</span><span>${state.score ? names[state.score - 1] : ''}</span><span>${names[4]}</span></p>
    ${state.score
      ? html`<div class="field"><label for="r-word">${say('rateComment')}<span class="optional">${say('optional')}</span></label>
          <textarea id="r-word" name="comment" rows="2" maxlength="1000"></textarea></div>`
      : null}
    <div class="row end"><button type="button" class="quiet" @click=${actions.unrate}>${say('rateSkip')}</button>
      <button class="strong" ?disabled=${!state.score || session.pending('rating')}>${say('rateSend')}</button></div>
  </form>`;
}
