/** The keyboard: single keys outside of fields, Alt and Ctrl everywhere, never while an IME composes. */
import { html } from '../vendor/lit-html.js';
import { ask } from '../staff/dialog.js';

/** @type {[string, string][]} key, words */
export const SHEET = [
  ['J / K', 'k_move'], ['C', 'k_claim'], ['R', 'k_reply'], ['M', 'k_note'], ['/', 'k_faq'], ['Alt + 1…9', 'k_insert'],
  ['I / P', 'k_panel'], ['H', 'k_hold'], ['T', 'k_transfer'], ['B', 'k_bot'], ['L', 'k_release'], ['X', 'k_end'],
  ['A', 'k_state'], ['Esc', 'k_leave'], ['?', 'k_help'],
];

/** @param {any} page @returns {() => void} stops it */
export function keysOf(page) {
  const { staff, ime, view } = page;
  /** @type {Record<string, () => unknown>} */
  const single = {
    j: () => page.actions.step(1), k: () => page.actions.step(-1), c: () => page.actions.claimHere(), r: () => page.actions.reply(),
    m: () => page.actions.note(), '/': () => page.actions.search(), f: () => page.actions.search(), i: () => page.actions.tab('mind'),
    p: () => page.actions.tab('past'), h: () => page.actions.hold(), t: () => page.actions.transfer(), b: () => page.actions.toBot(),
    l: () => page.actions.release(), x: () => page.actions.end(), a: () => page.actions.toggleState(), '?': () => page.actions.help(),
  };

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (ime.composing(event) || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    const digit = /^Digit([1-9])$/.exec(event.code ?? '');
    if (event.altKey && !event.ctrlKey && !event.metaKey && digit) {
      event.preventDefault();
      page.actions.insert(Number(digit[1]) - 1);
      return;
    }
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') {
      event.preventDefault();
      page.actions.search();
      return;
    }
    const field = /** @type {HTMLElement} */ (event.target).closest?.('input, textarea, select, [contenteditable]');
    if (event.key === 'Escape') {
      if (field) /** @type {HTMLElement} */ (event.target).blur();
      else if (view.place === 'panel') page.actions.panel(false);
      return;
    }
    if (field || event.ctrlKey || event.metaKey || event.altKey || !staff.settings.keys) return;
    const run = single[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!run) return;
    event.preventDefault();
    run();
  }

  document.addEventListener('keydown', pressed);
  return () => document.removeEventListener('keydown', pressed);
}

/** @param {import('../staff/session.js').Staff} staff */
export function helpSheet(staff) {
  return ask((close, again) => {
    const { say } = staff;
    return html`<div class="body"><header><h2>${say('keys')}</h2></header>
      <div class="inside"><dl class="sheet">${SHEET.map(([key, words]) => html`<div><dt>${key.split(' / ').map((each, place) => html`${place ? ' / ' : ''}<kbd>${each}</kbd>`)}</dt><dd>${say(words)}</dd></div>`)}</dl>
        <label class="check"><input type="checkbox" .checked=${staff.settings.keys} @change=${(/** @type {any} */ event) => { staff.choose({ keys: event.target.checked }); again(); }}><span>${say('keys_on')}</span></label></div>
      <footer><button class="btn main" type="button" autofocus @click=${() => close()}>${say('close')}</button></footer></div>`;
  }, { label: staff.say('keys') });
}
