/** An entry's fields. */
import { html, live, nothing } from '../vendor/lit-html.js';
import { chips } from './chips.js';

/** @param {any} place @param {string} name @param {(id: string, wrong: boolean) => unknown} input @param {unknown} [hint] */
function fieldView(place, name, input, hint = nothing) {
  const { say } = place.page;
  const wrong = place.wrong[name];
  return html`<div class="field"><label class="label" for="f-${name}">${say(`f_${name}`)}</label>${input(`f-${name}`, Boolean(wrong))}
    ${wrong ? html`<p class="wrong" role="alert">${say(wrong)}</p>` : hint === nothing ? nothing : html`<p class="hint">${hint}</p>`}</div>`;
}

/** @param {any} place the entry's place */
export function formView(place) {
  const { say, ime } = place.page;
  const { fields } = place;
  const typed = (/** @type {string} */ name) => (/** @type {any} */ event) => place.set({ [name]: event.target.value });
  // Enter that ends a conversion must not submit the form
  const guard = (/** @type {any} */ event) => { if (event.key === 'Enter' && ime.composing(event)) event.preventDefault(); };
  const line = (/** @type {string} */ name, extra = {}) => (/** @type {string} */ id, /** @type {boolean} */ wrong) => html`<input class="input" id=${id} type=${extra.type ?? 'text'} list=${extra.list ?? nothing}
    maxlength=${extra.most ?? nothing} autocomplete="off" aria-invalid=${wrong} .value=${live(fields[name])} @input=${typed(name)} @keydown=${guard}>`;
  const area = (/** @type {string} */ name, /** @type {number} */ rows) => (/** @type {string} */ id, /** @type {boolean} */ wrong) => html`<textarea class="input" id=${id} rows=${rows} aria-invalid=${wrong} .value=${live(fields[name])} @input=${typed(name)}></textarea>`;
  const many = (/** @type {string} */ name) => (/** @type {(now: string[]) => string[]} */ change) => place.set({ [name]: change(place.fields[name]) });
  return html`
    ${fieldView(place, 'question', line('question', { most: 4000 }))}
    ${chips({ id: 'f-variants', label: say('f_variants'), hint: say('variants_hint'), values: fields.variants, onChange: many('variants'), page: place.page, most: 400 })}
    ${fieldView(place, 'answer', area('answer', 9), say('answer_hint'))}
    <div class="pair">${fieldView(place, 'category', line('category', { list: 'categories', most: 200 }))}
      ${chips({ id: 'f-tags', label: say('f_tags'), hint: say('tags_hint'), values: fields.tags, onChange: many('tags'), page: place.page, most: 100 })}</div>
    <datalist id="categories">${place.categories.map((name) => html`<option value=${name}></option>`)}</datalist>
    <div class="pair">${fieldView(place, 'valid_from', line('valid_from', { type: 'date' }), say('valid_hint'))}${fieldView(place, 'valid_until', line('valid_until', { type: 'date' }))}</div>
    <details class="english" ?open=${place.english} @toggle=${(/** @type {any} */ event) => { place.english = event.target.open; }}><summary>${say('english_words')}<span class="badge slim ${fields.en_question && fields.en_answer ? 'good' : ''}">${say(fields.en_question && fields.en_answer ? 'english_there' : 'english_missing')}</span></summary>
      <div class="stack">${fieldView(place, 'en_question', line('en_question'))}${fieldView(place, 'en_answer', area('en_answer', 6))}</div></details>
    ${place.item ? html`<div class="field"><label class="label" for="f-why">${say('f_why')}</label><input class="input" id="f-why" maxlength="200" autocomplete="off" placeholder=${say('why_hint')} .value=${live(place.why)} @keydown=${guard} @input=${(/** @type {any} */ event) => { place.why = event.target.value; }}></div>
      <p><button class="btn danger slim" type="button" @click=${() => place.remove()}>${say('remove')}</button></p>` : nothing}`;
}
