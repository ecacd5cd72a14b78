/** Below the thread: the field for replies and notes, or what has to happen before one may reply. */
import { html, live, nothing } from '../vendor/lit-html.js';
import { icon } from '../staff/icons.js';
import { bare } from '../staff/text.js';
import { allowed } from './state.js';

export const LONGEST = 4000;

/** @param {any} page @param {import('./desk.js').Open} open */
export function composerView(page, open) {
  const { desk, staff } = page;
  const { say } = staff;
  const { row } = open;
  const may = allowed(row, desk.lists.me);
  const draft = desk.drafts.get(row.conversation);
  if (!may.note) return html`<div class="compose gate">${gate(page, row, may)}</div>`;
  const note = draft.note || !may.reply;
  if (!may.reply && !draft.note && !draft.text) {
    return html`<div class="compose gate">${gate(page, row, may)}<button class="btn" type="button" aria-keyshortcuts="m" @click=${page.actions.note}>${icon('note')}${say('note')}</button></div>`;
  }
  return html`<div class="compose ${note ? 'noting' : ''}">
    ${may.reply ? nothing : html`<div class="gate">${gate(page, row, may)}</div>`}
    ${field(page, open, draft, note, may)}</div>`;
}

/** @param {any} page @param {any} row @param {any} may */
function gate({ staff, actions }, row, may) {
  const { say } = staff;
  if (row.owner === 'queue') return html`<span class="grow">${say('owner_queue')}</span><button class="btn main" type="button" aria-keyshortcuts="c" @click=${() => actions.claim(row.conversation)}>${say('claim')}<kbd>C</kbd></button>`;
  if (row.owner === 'bot') return html`<span class="grow">${say(may.claim ? 'owner_bot_lead' : 'owner_bot')}</span>${may.claim ? html`<button class="btn" type="button" @click=${() => actions.claim(row.conversation)}>${say('step_in')}</button>` : nothing}`;
  if (row.owner === 'closed') return html`<span class="grow quiet">${say('owner_closed')}</span>`;
  return html`<span class="grow">${say('owner_other', row.agent?.name ?? '')}</span>`;
}

/** @param {any} page @param {any} open @param {any} draft @param {boolean} note @param {any} may */
function field(page, open, draft, note, may) {
  const { desk, staff, ime } = page;
  const { say, settings } = staff;
  const id = open.row.conversation;
  const length = [...draft.text].length;
  const over = length - LONGEST;
  const shortcut = settings.sendKey === 'enter' ? 'Enter' : 'Control+Enter';
  return html`<form class="write" @submit=${(/** @type {Event} */ event) => { event.preventDefault(); send(page, id, note); }}>
    <div class="row">
      ${may.reply ? html`<div class="seg" role="group" aria-label=${say('reply')}>
        <button type="button" aria-pressed=${!note} @click=${() => { desk.drafts.set(id, { note: false }); page.focusReply(); }}>${say('reply')}</button>
        <button type="button" aria-pressed=${note} @click=${() => { desk.drafts.set(id, { note: true }); page.focusReply(); }}>${icon('note')} ${say('note')}</button></div>` : nothing}
      <span class="grow"></span>
      ${draft.entry && !note ? html`<span class="badge slim accent clip">${icon('book')}${say('from_faq', desk.names.of(draft.entry))}</span>` : nothing}
      <span class="tiny num ${over > 0 ? 'wrong' : 'quiet'}" ?hidden=${length < LONGEST - 500}>${over > 0 ? say('too_long', over) : say('letters', -over)}</span>
    </div>
    <label class="visually-hidden" for="reply">${say(note ? 'note_label' : 'reply_label')}</label>
    <textarea id="reply" class="input" rows="3" placeholder=${say(note ? 'note_hint' : 'reply_hint')} aria-describedby="send-hint" aria-invalid=${over > 0}
      .value=${live(draft.text)}
      @input=${(/** @type {any} */ event) => typed(page, id, event.target.value, note)}
      @keydown=${(/** @type {any} */ event) => { if (ime.sends(event, settings.sendKey)) { event.preventDefault(); send(page, id, note); } }}></textarea>
    <div class="row">
      <span class="tiny quiet grow wide-only" id="send-hint">${say(settings.sendKey === 'enter' ? 'enter_sends' : 'mod_sends')}</span>
      <span class="grow narrow-only"></span>
      <button class="btn main" aria-keyshortcuts=${shortcut} ?disabled=${!draft.text.trim() || over > 0}>${icon(note ? 'note' : 'send')}${say(note ? 'save_note' : 'send')}</button>
    </div>
  </form>`;
}

/** @param {any} page @param {string} id @param {string} text @param {boolean} note */
function typed({ desk }, id, text, note) {
  desk.drafts.set(id, text.trim() ? { text } : { text, entry: null, suggested: false });
  if (!note && text) desk.type(id);
  desk.changed();
}

/** @param {any} page @param {string} id @param {boolean} note */
function send(page, id, note) {
  const { desk } = page;
  const { text, entry, suggested } = desk.drafts.get(id);
  if (!text.trim() || [...text].length > LONGEST) return;
  const body = note || !entry ? { text: text.trim() } : { text: text.trim(), entry, suggested };
  if (!desk.sending.add(id, note ? 'notes' : 'messages', body, desk.current?.chat.seq ?? 0)) return;
  desk.drafts.set(id, { text: '', entry: null, suggested: false, note: false });
  page.reading.atEnd = true;
  page.focusReply();
}

/**
 * Puts approved words where the cursor stands; the text as shoppers read it, without Markdown's marks.
 * @param {any} page @param {any} hit
 */
export async function insertHit(page, hit) {
  const { desk } = page;
  const id = desk.selected;
  const open = desk.current;
  if (!id || !open || !allowed(open.row, desk.lists.me).reply) return;
  const words = bare(await answerFor(desk, hit, open.row.locale));
  const draft = desk.drafts.get(id);
  const area = /** @type {HTMLTextAreaElement | null} */ (document.getElementById('reply'));
  const at = area ? area.selectionStart : draft.text.length;
  const head = draft.text.slice(0, at);
  const text = `${head}${head && !head.endsWith('\n') ? '\n' : ''}${words}${draft.text.slice(area ? area.selectionEnd : at)}`;
  desk.names.learn({ [hit.entry]: hit.question });
  desk.drafts.set(id, { text, entry: hit.entry, suggested: !desk.faq.own, note: false });
  page.view.place = 'chat';
  page.focusReply();
  const end = head.length + (head && !head.endsWith('\n') ? 1 : 0) + words.length;
  area?.setSelectionRange(end, end);
}

/** The approved words in the shopper's language, where there are such. @param {any} desk @param {any} hit @param {string} locale */
async function answerFor(desk, hit, locale) {
  if (locale === 'ja') return hit.answer;
  try {
    const entry = await desk.api.get(`/entries/${encodeURIComponent(hit.entry)}`);
    return entry.translations?.[locale]?.answer ?? hit.answer;
  } catch {
    return hit.answer;
  }
}
