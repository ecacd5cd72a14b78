/** One entry in writing: fields, what a shopper will read, history; nothing typed is lost. */
import { html, nothing } from '../vendor/lit-html.js';
import { clock, day, dayKey } from '../shared/times.js';
import { parse, toDom } from '../shared/markdown.js';
import { confirm } from '../staff/dialog.js';
import { icon } from '../staff/icons.js';
import { mend } from './conflict.js';
import { changesView } from './changes.js';
import { STATE_TONE, bodyOf, changedIn, fieldsOf, stateOf, validity, wrongIn } from './fields.js';
import { formView } from './form.js';
import { failed, waiting } from './loading.js';

const KEEP = 'toritsugi:studio:';
const NEW = '+';

export class EntryPlace {
  id = '';
  /** @type {any} as the server has it; null while new */ item = null;
  /** @type {any[]} */ history = [];
  fields = fieldsOf(null);
  base = fieldsOf(null);
  why = '';
  /** @type {'loading' | 'ready' | 'failed'} */ status = 'loading';
  /** @type {any} */ problem = null;
  /** @type {Record<string, string>} */ wrong = {};
  busy = false;
  restored = false;
  side = 'preview';
  english = false;
  /** @type {any[]} */ categories = [];

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  title() {
    return this.fields.question || this.page.say(this.id === NEW ? 'new_entry' : 'at_entries');
  }

  /** @param {string} id */
  async open(id) {
    Object.assign(this, { id, item: null, history: [], wrong: {}, why: '', restored: false, problem: null, status: 'loading', english: false });
    if (!this.categories.length) {
      this.page.api.get('/entries').then((/** @type {any} */ answer) => {
        this.categories = answer.categories.map((/** @type {any} */ each) => each.name);
        this.page.render();
      }, () => {});
    }
    if (id === NEW) this.#show(null);
    else await this.load();
  }

  async load() {
    const { id } = this;
    try {
      const answer = await this.page.api.get(`/entries/${encodeURIComponent(id)}`);
      if (id === this.id) this.#show(answer);
    } catch (problem) {
      if (id !== this.id) return;
      this.status = 'failed';
      this.problem = problem;
    }
    this.page.render();
  }

  /** @param {any} item */
  #show(item) {
    this.item = item;
    this.history = item?.history ?? [];
    this.base = fieldsOf(item);
    this.fields = fieldsOf(item);
    this.status = 'ready';
    const kept = this.#kept();
    if (kept && changedIn(this.base, kept.fields).length) {
      this.fields = { ...this.base, ...kept.fields };
      this.restored = true;
      if (item && kept.revision !== item.revision) {
        // written against an older revision: saving must ask
        this.item = { ...item, revision: kept.revision };
        this.base = { ...this.base, ...kept.base };
      }
    }
    this.english = Boolean(this.fields.en_question || this.fields.en_answer);
    this.page.render();
  }

  #kept() {
    try {
      return JSON.parse(sessionStorage.getItem(KEEP + this.id) ?? 'null');
    } catch {
      return null;
    }
  }

  /** @param {object} change */
  set(change) {
    this.fields = { ...this.fields, ...change };
    for (const name of Object.keys(change)) delete this.wrong[name];
    if (changedIn(this.base, this.fields).length) {
      sessionStorage.setItem(KEEP + this.id, JSON.stringify({ fields: this.fields, base: this.base, revision: this.item?.revision ?? null }));
    } else sessionStorage.removeItem(KEEP + this.id);
    this.page.render();
  }

  forget() {
    sessionStorage.removeItem(KEEP + this.id);
    this.restored = false;
    void this.open(this.id);
  }

  get changed() {
    return changedIn(this.base, this.fields).length > 0;
  }

  async save() {
    if (this.busy || !this.page.mayWrite) return;
    /** @type {HTMLElement | null} */ (document.activeElement)?.matches?.('.chips input') && /** @type {HTMLElement} */ (document.activeElement).blur();
    this.wrong = wrongIn(this.fields);
    if (Object.keys(this.wrong).length) {
      this.page.render();
      requestAnimationFrame(() => /** @type {HTMLElement | null} */ (document.querySelector('[aria-invalid="true"]'))?.focus());
      return;
    }
    this.busy = true;
    this.page.render();
    try {
      const saved = await this.#send(this.fields, this.item?.revision);
      sessionStorage.removeItem(KEEP + this.id);
      this.restored = false;
      this.page.tell(this.page.say('saved'), { action: { label: this.page.say('go_publish'), run: () => this.page.go('releases') } });
      this.page.publishing.look();
      if (this.id === NEW) {
        this.id = saved.id;
        history.replaceState(null, '', `#/entries/${encodeURIComponent(saved.id)}`);
      }
      this.why = '';
      this.#show(saved);
    } catch (problem) {
      await this.#refused(problem);
    } finally {
      this.busy = false;
      this.page.render();
    }
  }

  /** @param {any} fields @param {number | undefined} revision */
  #send(fields, revision) {
    const body = bodyOf(fields, this.item);
    if (this.id === NEW) return this.page.api.post('/entries', body);
    const why = this.why.trim();
    return this.page.api.put(`/entries/${encodeURIComponent(this.id)}`, { ...body, revision, ...(why ? { why } : {}) });
  }

  /** @param {any} problem */
  async #refused(problem) {
    if (problem.code !== 'edit_conflict') {
      if (problem.field && problem.field in this.fields) this.wrong = { [problem.field]: problem.message };
      else this.page.fail(problem);
      return;
    }
    try {
      const theirs = problem.body?.current ?? (await this.page.api.get(`/entries/${encodeURIComponent(this.id)}`));
      if (theirs.state === 'deleted') {
        this.page.tell(this.page.say('was_removed'), { bad: true });
        return;
      }
      const mended = await mend(this.page, this.base, this.fields, theirs);
      if (!mended) return;
      this.item = theirs;
      this.base = fieldsOf(theirs);
      this.set(mended);
      this.busy = false;
      await this.save();
    } catch (again) {
      this.page.fail(again);
    }
  }

  async remove() {
    const { say } = this.page;
    const sure = await confirm({ title: say('remove_title'), text: html`<p>${say('remove_text')}</p>`, yes: say('remove'), no: say('cancel'), danger: true });
    if (!sure) return;
    try {
      await this.page.api.send('DELETE', `/entries/${encodeURIComponent(this.id)}?revision=${this.item.revision}`);
      sessionStorage.removeItem(KEEP + this.id);
      this.page.tell(say('removed'));
      this.page.publishing.look();
      this.page.go('entries');
    } catch (problem) {
      this.page.fail(problem);
    }
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== 's') return false;
    event.preventDefault();
    void this.save();
    return true;
  }

  view() {
    const { say, mayWrite } = this.page;
    const back = html`<a class="back" href="#/entries">${icon('back')}${say('at_entries')}</a>`;
    if (this.status === 'loading') return html`${back}${waiting(say)}`;
    if (this.status === 'failed') return html`${back}${failed(say, this.problem, () => this.load())}`;
    const state = this.item ? stateOf(this.item) : 'draft';
    const when = validity(this.fields, dayKey(Date.now()));
    return html`${back}
      <header class="heading sticky"><div class="grow"><h1 class="clip">${this.title()}</h1>
          <div class="row tags"><span class="badge slim ${STATE_TONE[state] ?? ''}">${say(`state_${state}`)}</span>
            ${this.item ? html`<span class="quiet tiny num">${say('revision', this.item.revision)}</span><code class="quiet tiny">${this.id}</code>` : nothing}
            ${when ? html`<span class="badge slim ${when === 'over' ? 'bad' : ''}">${say(`valid_${when}`, when === 'later' ? this.fields.valid_from : this.fields.valid_until)}</span>` : nothing}</div></div>
        ${mayWrite ? html`<span class="tiny quiet wide-only" role="status">${this.changed ? say('unsaved') : ''}</span>
          <button class="btn main" type="button" aria-keyshortcuts="Control+S" ?disabled=${this.busy || !this.changed} @click=${() => this.save()}>${say(this.busy ? 'saving' : 'save_draft')}</button>` : nothing}</header>
      ${this.restored ? html`<p class="notice">${icon('history')}<span class="grow">${say('restored')}</span><button class="link" type="button" @click=${() => this.forget()}>${say('discard')}</button></p>` : nothing}
      <div class="editor"><form class="stack form" novalidate @submit=${(/** @type {Event} */ event) => { event.preventDefault(); this.save(); }}>
          <fieldset class="stack" ?disabled=${!mayWrite}>${formView(this)}</fieldset></form>
        <section class="side" aria-label=${say('preview')}>${this.#side()}</section></div>`;
  }

  #side() {
    const { say } = this.page;
    const tabs = this.item ? ['preview', 'history'] : ['preview'];
    return html`<div class="seg" role="group" aria-label=${say('preview')}>${tabs.map((tab) => html`<button type="button" aria-pressed=${this.side === tab} @click=${() => { this.side = tab; this.page.render(); }}>${say(tab)}${tab === 'history' ? html` <span class="num">${this.history.length}</span>` : nothing}</button>`)}</div>
      ${this.side === 'history' && this.item ? this.#past() : this.#preview()}`;
  }

  #preview() {
    const { say } = this.page;
    const { fields } = this;
    const talk = (/** @type {string} */ question, /** @type {string} */ answer, /** @type {string} */ lang) => html`<div class="talk" lang=${lang}>
      <p class="said shopper">${question || say('preview_question')}</p><div class="said bot">${answer ? toDom(parse(answer)) : html`<span class="quiet">${say('preview_answer')}</span>`}</div></div>`;
    return html`${talk(fields.question, fields.answer, 'ja')}${fields.en_question || fields.en_answer ? talk(fields.en_question, fields.en_answer, 'en') : nothing}
      <p class="hint">${say('preview_hint')}</p>`;
  }

  #past() {
    const { say, staff } = this.page;
    const { locale } = staff.settings;
    return html`<ol class="past">${this.history.map((past, place) => {
      const before = this.history[place + 1];
      const now = fieldsOf(past.body);
      return html`<li><div class="row"><strong class="num">${say('revision', past.revision)}</strong>
          <span class="quiet small">${day(past.at, locale, Date.now())} ${clock(past.at, locale)} ${past.by ?? ''}</span>
          ${past.revision === this.item.live_revision ? html`<span class="badge slim good">${say('state_live')}</span>` : nothing}
          <span class="grow"></span>
          ${this.page.mayWrite && changedIn(this.fields, now).length ? html`<button class="btn slim" type="button" @click=${() => { this.set(now); this.page.tell(say('taken_back', past.revision)); }}>${say('take_back')}</button>` : nothing}</div>
        ${past.why ? html`<p class="small">${past.why}</p>` : nothing}
        ${before ? changesView(this.page, fieldsOf(before.body), now) : html`<p class="quiet small">${say('first_revision')}</p>`}</li>`;
    })}</ol>`;
  }
}

