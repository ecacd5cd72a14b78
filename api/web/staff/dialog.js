/**
 * Questions and short notices over the page: a modal dialog that answers with a promise, and toasts.
 */
import { html, nothing, render, repeat } from '../vendor/lit-html.js';
import { imeGuard } from '../shared/ime.js';

/**
 * @param {(close: (value?: any) => void, again: () => void) => unknown} template what stands in it; `again` renders anew
 * @param {{label: string, wide?: boolean, sheet?: boolean}} how label: what a screen reader calls it
 * @returns {Promise<any>} what `close` was given; undefined when it was dismissed
 */
export function ask(template, { label, wide = false }) {
  const dialog = document.createElement('dialog');
  dialog.setAttribute('aria-label', label);
  if (wide) dialog.className = 'wide';
  const guard = imeGuard(dialog);
  let answer;
  const close = (/** @type {any} */ value) => {
    answer = value;
    dialog.close();
  };
  const again = () => render(template(close, again), dialog);
  // Escape that cancels a conversion must not close the dialog
  dialog.addEventListener('keydown', (event) => {
    if (event.key === 'Escape' && guard.composing(event)) event.stopPropagation();
    if (event.key === 'Enter' && guard.composing(event)) event.preventDefault();
  });
  dialog.addEventListener('mousedown', (event) => {
    if (event.target === dialog && !inside(dialog, event)) dialog.close();
  });
  document.body.append(dialog);
  again();
  dialog.showModal();
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      guard.stop();
      dialog.remove();
      resolve(answer);
    });
  });
}

/** @param {HTMLElement} box @param {MouseEvent} event */
function inside(box, event) {
  const edge = box.getBoundingClientRect();
  return event.clientX >= edge.left && event.clientX <= edge.right && event.clientY >= edge.top && event.clientY <= edge.bottom;
}

/**
 * @param {{title: string, text?: unknown, yes: string, no: string, danger?: boolean}} how
 * @returns {Promise<boolean>}
 */
export async function confirm({ title, text, yes, no, danger = false }) {
  const answer = await ask(
    (close) => html`<div class="body">
      <header><h2>${title}</h2></header>
      <div class="inside">${text ?? nothing}</div>
      <footer>
        <button class="btn" type="button" @click=${() => close(false)}>${no}</button>
        <button class="btn main ${danger ? 'danger' : ''}" type="button" autofocus @click=${() => close(true)}>${yes}</button>
      </footer>
    </div>`,
    { label: title },
  );
  return answer === true;
}

/** @type {{id: number, text: string, bad: boolean, action?: {label: string, run: () => void}}[]} */
let toasts = [];
let next = 1;

/** @param {string} text @param {{bad?: boolean, action?: {label: string, run: () => void}, for?: number}} [how] for: ms */
export function toast(text, how = {}) {
  const id = next++;
  toasts = [...toasts.filter((each) => each.text !== text), { id, text, bad: how.bad ?? false, action: how.action }].slice(-3);
  showToasts();
  setTimeout(() => {
    toasts = toasts.filter((each) => each.id !== id);
    showToasts();
  }, how.for ?? (how.bad ? 8000 : 4500));
}

function showToasts() {
  let place = document.getElementById('toasts');
  if (!place) {
    place = document.createElement('div');
    place.id = 'toasts';
    place.className = 'toasts';
    place.setAttribute('role', 'status');
    place.setAttribute('aria-live', 'polite');
    document.body.append(place);
  }
  const line = (/** @type {typeof toasts[number]} */ each) => html`<div class="toast ${each.bad ? 'bad' : ''}">
    <span class="grow">${each.text}</span>
    ${each.action ? html`<button type="button" @click=${each.action.run}>${each.action.label}</button>` : nothing}
  </div>`;
  render(repeat(toasts, (each) => each.id, line), place);
}
