/** One entry in writing: fields, what a shopper will read, history; nothing typed is lost. */
import { html, live, nothing } from '../vendor/lit-html.js';
import { clock, day, dayKey } from '../shared/times.js';
import { parse, toDom } from '../shared/markdown.js';
import { confirm } from '../staff/dialog.js';
import { icon } from '../staff/icons.js';
import { chips } from './chips.js';
import { mend } from './conflict.js';
import { changesView } from './changes.js';
import { STATE_TONE, bodyOf, changedIn, fieldsOf, stateOf, validity, wrongIn } from './fields.js';
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
          <fieldset class="stack" ?disabled=${!mayWrite}>${this.#form()}</fieldset></form>
        <section class="side" aria-label=${say('preview')}>${this.#side()}</section></div>`;
  }

  /** @param {string} name @param {(id: string, wrong: boolean) => unknown} input @param {unknown} [hint] */
  #field(name, input, hint = nothing) {
    const { say } = this.page;
    const wrong = this.wrong[name];
    return html`<div class="field"><label class="label" for="f-${name}">${say(`f_${name}`)}</label>${input(`f-${name}`, Boolean(wrong))}
      ${wrong ? html`<p class="wrong" role="alert">${say(wrong)}</p>` : hint === nothing ? nothing : html`<p class="hint">${hint}</p>`}</div>`;
  }

  #form() {
    const { say, ime } = this.page;
    const { fields } = this;
    const typed = (/** @type {string} */ name) => (/** @type {any} */ event) => this.set({ [name]: event.target.value });
    // Enter that ends a conversion must not submit the form
    const guard = (/** @type {any} */ event) => { if (event.key === 'Enter' && ime.composing(event)) event.preventDefault(); };
    const line = (/** @type {string} */ name, extra = {}) => (/** @type {string} */ id, /** @type {boolean} */ wrong) => html`<input class="input" id=${id} type=${extra.type ?? 'text'} list=${extra.list ?? nothing}
      maxlength=${extra.most ?? nothing} autocomplete="off" aria-invalid=${wrong} .value=${live(fields[name])} @input=${typed(name)} @keydown=${guard}>`;
    const area = (/** @type {string} */ name, /** @type {number} */ rows) => (/** @type {string} */ id, /** @type {boolean} */ wrong) => html`<textarea class="input" id=${id} rows=${rows} aria-invalid=${wrong} .value=${live(fields[name])} @input=${typed(name)}></textarea>`;
    const many = (/** @type {string} */ name) => (/** @type {(now: string[]) => string[]} */ change) => this.set({ [name]: change(this.fields[name]) });
    return html`
      ${this.#field('question', line('question', { most: 4000 }))}
      ${chips({ id: 'f-variants', label: say('f_variants'), hint: say('variants_hint'), values: fields.variants, onChange: many('variants'), page: this.page, most: 400 })}
      ${this.#field('answer', area('answer', 9), say('answer_hint'))}
      <div class="pair">${this.#field('category', line('category', { list: 'categories', most: 200 }))}
        ${chips({ id: 'f-tags', label: say('f_tags'), hint: say('tags_hint'), values: fields.tags, onChange: many('tags'), page: this.page, most: 100 })}</div>
      <datalist id="categories">${this.categories.map((name) => html`<option value=${name}></option>`)}</datalist>
      <div class="pair">${this.#field('valid_from', line('valid_from', { type: 'date' }), say('valid_hint'))}${this.#field('valid_until', line('valid_until', { type: 'date' }))}</div>
      <details class="english" ?open=${this.english} @toggle=${(/** @type {any} */ event) => { this.english = event.target.open; }}><summary>${say('english_words')}<span class="badge slim ${fields.en_question && fields.en_answer ? 'good' : ''}">${say(fields.en_question && fields.en_answer ? 'english_there' : 'english_missing')}</span></summary>
        <div class="stack" lang="en">${this.#field('en_question', line('en_question'))}${this.#field('en_answer', area('en_answer', 6))}</div></details>
      ${this.item ? html`<div class="field"><label class="label" for="f-why">${say('f_why')}</label><input class="input" id="f-why" maxlength="200" autocomplete="off" placeholder=${say('why_hint')} .value=${live(this.why)} @keydown=${guard} @input=${(/** @type {any} */ event) => { this.why = event.target.value; }}></div>
        <p><button class="btn danger slim" type="button" @click=${() => this.remove()}>${say('remove')}</button></p>` : nothing}`;
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

