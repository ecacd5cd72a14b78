/** What differs between two states of an entry, field by field, marked in the text. */
import { html } from '../vendor/lit-html.js';
import { diff } from '../staff/diff.js';
import { changedIn, textOf } from './fields.js';

/** @param {string} before @param {string} after */
export const diffText = (before, after) =>
  html`<div class="diff">${diff(before, after).map((piece) => (piece.kind === 'same' ? piece.text : piece.kind === 'gone' ? html`<del>${piece.text}</del>` : html`<ins>${piece.text}</ins>`))}</div>`;

/** @param {any} page @param {import('./fields.js').Fields} before @param {import('./fields.js').Fields} after */
export function changesView({ say }, before, after) {
  const names = changedIn(before, after);
  if (!names.length) return html`<p class="quiet small">${say('no_change')}</p>`;
  return html`<dl class="changes">${names.map((name) => html`<div><dt>${say(`f_${name}`)}</dt>
    <dd>${diffText(textOf(/** @type {any} */ (before)[name]), textOf(/** @type {any} */ (after)[name]))}</dd></div>`)}</dl>`;
}
