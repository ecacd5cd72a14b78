/** A list of short texts that is written one after the other: variants, tags. */
import { html } from '../vendor/lit-html.js';
import { icon } from '../staff/icons.js';

/**
 * @param {object} how
 * @param {string} how.id @param {string} how.label @param {string} how.hint @param {string[]} how.values
 * @param {(change: (values: string[]) => string[]) => void} how.onChange
 * @param {any} how.page
 * @param {number} [how.most] characters of one
 */
export function chips({ id, label, hint, values, onChange, page, most = 200 }) {
  const { say, ime } = page;
  const add = (/** @type {string} */ text) => {
    const fresh = text.split(/[\n\r]+/).map((line) => line.trim().slice(0, most)).filter(Boolean);
    if (fresh.length) onChange((now) => [...new Set([...now, ...fresh])]);
  };
  const take = (/** @type {any} */ input) => {
    const text = input.value;
    input.value = '';
    add(text);
  };
  const keydown = (/** @type {any} */ event) => {
    if (ime.composing(event)) return;
    if (event.key === 'Enter') {
      event.preventDefault();
      take(event.target);
    } else if (event.key === 'Backspace' && !event.target.value && values.length) {
      event.preventDefault();
      event.target.value = values.at(-1);
      onChange((now) => now.slice(0, -1));
    }
  };
  const paste = (/** @type {ClipboardEvent} */ event) => {
    const text = event.clipboardData?.getData('text') ?? '';
    if (!/[\n\r]/.test(text)) return;
    event.preventDefault();
    add(text);
  };
  const edit = (/** @type {number} */ place) => {
    const input = /** @type {HTMLInputElement} */ (document.getElementById(id));
    if (input.value.trim()) return;
    input.value = values[place];
    onChange((now) => now.filter((each) => each !== values[place]));
    input.focus();
  };
  return html`<div class="field"><label class="label" for=${id}>${label}</label>
    <div class="chips">
      <ul>${values.map((value, place) => html`<li class="chip"><button type="button" class="edit" title=${say('edit_chip')} @click=${() => edit(place)}>${value}</button>
        <button type="button" class="drop" aria-label=${say('drop_chip', value)} @click=${() => onChange((now) => now.filter((each) => each !== value))}>${icon('close')}</button></li>`)}</ul>
      <input id=${id} placeholder=${hint} maxlength=${most} autocomplete="off" @keydown=${keydown} @paste=${paste} @blur=${(/** @type {any} */ event) => take(event.target)}>
    </div></div>`;
}
