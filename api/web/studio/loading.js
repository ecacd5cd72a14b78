/** What stands where something is loading or has failed. */
import { html } from '../vendor/lit-html.js';
import { sayProblem } from '../staff/words.js';

/** @param {(key: string) => string} say */
export const waiting = (say) => html`<div class="wait" role="status" aria-label=${say('starting')}><i></i><i></i><i></i><i></i><i></i></div>`;

/** @param {(key: string) => string} say @param {any} problem @param {() => unknown} again */
export const failed = (say, problem, again) => html`<div class="empty"><strong>${say('failed')}</strong><span class="small">${sayProblem(say, problem)}</span>
  <button class="btn" type="button" @click=${again}>${say('again')}</button></div>`;
