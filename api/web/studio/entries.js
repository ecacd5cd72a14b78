/** All entries: by category and state, by words, by meaning with the bot's own engine. */
import { html, nothing, repeat } from '../vendor/lit-html.js';
import { dayKey } from '../shared/times.js';
import { bar, marked } from '../staff/decision.js';
import { icon } from '../staff/icons.js';
import { firstLine } from '../staff/text.js';
import { STATE_TONE, stateOf, validity } from './fields.js';
import { failed, waiting } from './loading.js';
import { heading } from './page.js';

const PAUSE = 250;

export class EntriesPlace {
  text = '';
  by = 'words';
  category = '';
  state = '';
  /** @type {any[]} */ items = [];
  /** @type {any[]} */ categories = [];
  total = 0;
  /** @type {string | null} */ next = null;
  /** @type {'loading' | 'ready' | 'failed'} */ status = 'loading';
  /** @type {any} */ problem = null;
  more = false;
  #run = 0;
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  open() {
    void this.load();
  }

  /** @param {boolean} [further] the next page below what is shown */
  async load(further = false) {
    clearTimeout(this.#timer);
    const run = ++this.#run;
    if (!further && !this.items.length) this.status = 'loading';
    this.more = further;
    this.page.render();
    try {
      const found = await (this.by === 'meaning' && this.text.trim() ? this.#byMeaning() : this.#byWords(further ? this.next : null));
      if (run !== this.#run) return;
      this.items = further ? [...this.items, ...found.items] : found.items;
      this.next = found.next;
      this.status = 'ready';
      this.page.names.learn(Object.fromEntries(this.items.map((item) => [item.id, item.question])));
    } catch (problem) {
      if (run !== this.#run) return;
      this.status = 'failed';
      this.problem = problem;
    }
    this.more = false;
    this.page.render();
  }

  /** @param {string | null} after */
  async #byWords(after) {
    const answer = await this.page.api.get('/entries', { category: this.category, state: this.state, text: this.text.trim(), after });
    this.categories = answer.categories;
    this.total = answer.total;
    return { items: answer.entries, next: answer.next };
  }

  async #byMeaning() {
    const answer = await this.page.api.post('/entries/search', { text: this.text.trim() });
    const hits = (answer.hits ?? []).filter((/** @type {any} */ hit) => !this.category || hit.category === this.category);
    return { items: hits.map((/** @type {any} */ hit) => ({ ...hit, id: hit.entry, state: 'live' })), next: null };
  }

  /** @param {object} change */
  set(change) {
    Object.assign(this, change);
    void this.load();
  }

  /** @param {string} text */
  type(text) {
    this.text = text;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.load(), PAUSE);
  }

  view() {
    const { say, mayWrite } = this.page;
    return html`${heading(say('at_entries'), this.status === 'ready' ? say('entries_total', this.total) : nothing, mayWrite ? html`<a class="btn main" href="#/entries/+">${icon('plus')}${say('new_entry')}</a>` : nothing)}
      <div class="tools" role="search">
        <label class="search grow"><span class="visually-hidden">${say('find_entries')}</span>${icon('search')}
          <input class="input" type="search" placeholder=${say(this.by === 'words' ? 'find_words' : 'find_meaning')} .value=${this.text} autocomplete="off" maxlength="300"
            @input=${(/** @type {any} */ event) => this.type(event.target.value)}
            @keydown=${(/** @type {any} */ event) => { if (event.key === 'Enter' && !this.page.ime.composing(event)) this.load(); }}></label>
        <div class="seg" role="group" aria-label=${say('find_how')}>${['words', 'meaning'].map((by) => html`<button type="button" aria-pressed=${this.by === by} @click=${() => this.set({ by })}>${say(`by_${by}`)}</button>`)}</div>
        <label><span class="visually-hidden">${say('category')}</span><select class="input" @change=${(/** @type {any} */ event) => this.set({ category: event.target.value })}>
          <option value="" ?selected=${!this.category}>${say('all_categories')}</option>
          ${this.categories.map(({ name, count }) => html`<option value=${name} ?selected=${this.category === name}>${name}（${count}）</option>`)}</select></label>
        <label><span class="visually-hidden">${say('state')}</span><select class="input" ?disabled=${this.by === 'meaning'} @change=${(/** @type {any} */ event) => this.set({ state: event.target.value })}>
          <option value="">${say('all_states')}</option>${['live', 'draft', 'deleted'].map((state) => html`<option value=${state} ?selected=${this.state === state}>${say(`only_${state}`)}</option>`)}</select></label>
      </div>
      ${this.status === 'loading' ? waiting(say) : this.status === 'failed' ? failed(say, this.problem, () => this.load()) : this.#list()}`;
  }

  #list() {
    const { say } = this.page;
    if (!this.items.length) {
      const filtered = this.text || this.category || this.state;
      return html`<div class="empty"><strong>${say(filtered ? 'nothing_found' : 'no_entries')}</strong><span class="small">${say(filtered ? 'nothing_found_text' : 'no_entries_text')}</span></div>`;
    }
    const today = dayKey(Date.now());
    const best = Math.max(...this.items.map((item) => item.score ?? 0), 1e-9);
    const query = this.text.trim();
    return html`<ul class="entries" aria-label=${say('at_entries')}>${repeat(this.items, (item) => item.id, (item) => {
      const state = stateOf(item);
      const when = validity(item, today);
      return html`<li><a href="#/entries/${encodeURIComponent(item.id)}">
        <span class="q">${marked(item.question, query)}</span>
        <span class="a">${marked(firstLine(item.answer ?? ''), query)}</span>
        <span class="tags">${item.category ? html`<span class="badge slim">${item.category}</span>` : nothing}
          ${this.by === 'meaning' && query ? html`<span class="score"><span class="num tiny quiet">${(item.score ?? 0).toFixed(2)}</span>${bar((item.score ?? 0) / best)}</span>`
            : html`<span class="badge slim ${STATE_TONE[state] ?? ''}">${say(`state_${state}`)}</span>`}
          ${when ? html`<span class="badge slim ${when === 'over' ? 'bad' : when === 'later' ? 'warn' : ''}">${say(`valid_${when}`, when === 'later' ? item.valid_from : item.valid_until)}</span>` : nothing}
          <code class="quiet">${item.id}</code></span></a></li>`;
    })}</ul>
    ${this.next ? html`<p class="center"><button class="btn" type="button" ?disabled=${this.more} @click=${() => this.load(true)}>${say('load_more')}</button></p>` : nothing}`;
  }
}
