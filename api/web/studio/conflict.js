/** Two people changed the same entry: shows both, field by field, and lets one choose. */
import { html, nothing } from '../vendor/lit-html.js';
import { ask } from '../staff/dialog.js';
import { icon } from '../staff/icons.js';
import { diffText } from './changes.js';
import { conflicts, fieldsOf, merged, textOf } from './fields.js';

/**
 * @param {any} page @param {import('./fields.js').Fields} base @param {import('./fields.js').Fields} mine @param {any} item theirs
 * @returns {Promise<import('./fields.js').Fields | null>} what to save, or null to go on writing
 */
export async function mend({ say }, base, mine, item) {
  const theirs = fieldsOf(item);
  const choices = conflicts(base, mine, theirs);
  if (!choices.length) return theirs;
  const answer = await ask((close, again) => html`<div class="body">
    <header><h2>${say('conflict_title')}</h2></header>
    <div class="inside"><p class="notice warn">${icon('warn')}<span>${say('conflict_text')}</span></p>
      ${choices.map((choice) => html`<fieldset class="clash"><legend>${say(`f_${choice.name}`)}${choice.both ? html` <span class="badge slim warn">${say('both_changed')}</span>` : nothing}</legend>
        <p class="tiny quiet">${say('conflict_diff')}</p>
        ${diffText(textOf(/** @type {any} */ (theirs)[choice.name]), textOf(/** @type {any} */ (mine)[choice.name]))}
        <div class="row">${(/** @type {const} */ (['mine', 'theirs'])).map((take) => html`<label class="check"><input type="radio" name="take-${choice.name}" ?checked=${choice.take === take}
          @change=${() => { choice.take = take; again(); }}><span>${say(`take_${take}`)}</span></label>`)}</div></fieldset>`)}</div>
    <footer><button class="btn" type="button" @click=${() => close(false)}>${say('go_on_writing')}</button><button class="btn main" type="button" @click=${() => close(true)}>${say('save_merged')}</button></footer>
  </div>`, { label: say('conflict_title'), wide: true });
  return answer ? merged(mine, theirs, choices) : null;
}
