/** What the chats suggest to write: a difference, the words it comes from, and yes or no. */
import { html, live, nothing, repeat } from '../vendor/lit-html.js';
import { day } from '../shared/times.js';
import { ask } from '../staff/dialog.js';
import { icon } from '../staff/icons.js';
import { diffText } from './changes.js';
import { failed, waiting } from './loading.js';
import { heading } from './page.js';

export const KIND_TONE = { new: 'good', variant: 'accent', correction: 'warn', retirement: 'bad' };
const WHY = ['why_known', 'why_wrong', 'why_private', 'why_rare'];

export class ProposalsPlace {
  state = 'open';
  /** @type {any[]} */ items = [];
  chosen = 0;
  /** @type {'loading' | 'ready' | 'failed'} */ status = 'loading';
  /** @type {any} */ problem = null;
  /** @type {Record<string, {question: string, answer: string}>} what the reviewer changed */ edits = {};
  /** @type {Map<string, any>} */ quotes = new Map();
  busy = false;
  narrow = 'list';

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  open() {
    this.narrow = 'list';
    void this.load();
  }

  async load() {
    if (!this.items.length) this.status = 'loading';
    this.page.render();
    try {
      const answer = await this.page.api.get('/proposals', { state: this.state });
      this.items = answer.proposals;
      this.chosen = Math.min(this.chosen, Math.max(0, this.items.length - 1));
      this.status = 'ready';
      this.#count();
    } catch (problem) {
      this.status = 'failed';
      this.problem = problem;
    }
    this.page.render();
  }

  #count() {
    if (this.state === 'open') this.page.counts.proposals = this.items.length;
  }

  get current() {
    return this.items[this.chosen] ?? null;
  }

  /** @param {any} item */
  wordsOf(item) {
    return this.edits[item.id] ?? { question: item.question, answer: item.answer };
  }

  /** @param {any} item @param {object} change */
  edit(item, change) {
    this.edits[item.id] = { ...this.wordsOf(item), ...change };
    this.page.render();
  }

  /** @param {string} action @param {any} body @param {string} told */
  async decide(action, body, told) {
    const item = this.current;
    if (!item || this.busy) return;
    this.busy = true;
    this.page.render();
    try {
      await this.page.api.post(`/proposals/${encodeURIComponent(item.id)}/${action}`, body);
      delete this.edits[item.id];
      this.items = this.items.filter((each) => each.id !== item.id);
      this.chosen = Math.min(this.chosen, Math.max(0, this.items.length - 1));
      this.#count();
      this.narrow = 'list';
      this.page.tell(this.page.say(told), action === 'accept' ? { action: { label: this.page.say('go_publish'), run: () => this.page.go('releases') } } : {});
      this.page.publishing.look();
    } catch (problem) {
      this.page.fail(problem);
      void this.load();
    }
    this.busy = false;
    this.page.render();
  }

  accept() {
    const item = this.current;
    if (!item || item.state !== 'open') return;
    const words = this.wordsOf(item);
    const body = {
      ...(words.question.trim() && words.question !== item.question ? { question: words.question.trim() } : {}),
      ...(words.answer.trim() && words.answer !== item.answer ? { answer: words.answer.trim() } : {}),
    };
    void this.decide('accept', body, 'accepted');
  }

  async reject() {
    const item = this.current;
    if (!item || item.state !== 'open') return;
    const { say } = this.page;
    const reason = await ask((close) => html`<form @submit=${(/** @type {any} */ event) => {
        event.preventDefault();
        const form = new FormData(event.target);
        close(String(form.get('other') ?? '').trim() || form.get('why'));
      }}>
      <header><h2>${say('reject_title')}</h2></header>
      <div class="inside"><p>${item.question}</p><fieldset><legend class="label">${say('reject_why')}</legend>
        ${WHY.map((key, place) => html`<label class="check"><input type="radio" name="why" value=${say(key)} ?checked=${place === 0} ?autofocus=${place === 0}><span>${say(key)}</span></label>`)}</fieldset>
        <label class="field"><span class="label">${say('why_other')}</span><input class="input" name="other" maxlength="200" autocomplete="off"></label></div>
      <footer><button class="btn" type="button" @click=${() => close()}>${say('cancel')}</button><button class="btn main danger">${say('reject')}</button></footer></form>`, { label: say('reject_title') });
    if (reason) void this.decide('reject', { reason }, 'rejected');
  }

  async harvest() {
    this.busy = true;
    this.page.render();
    try {
      const { added } = await this.page.api.post('/proposals', {});
      this.page.tell(this.page.say('harvested', added));
    } catch (problem) {
      this.page.fail(problem);
    }
    this.busy = false;
    await this.load();
  }

  /** @param {KeyboardEvent} event */
  key(event) {
    const field = /** @type {HTMLElement} */ (event.target).closest?.('input, textarea, select');
    if (field || event.ctrlKey || event.metaKey || event.altKey || !this.page.staff.settings.keys) return false;
    const run = { j: () => this.pick(this.chosen + 1), k: () => this.pick(this.chosen - 1), a: () => this.accept(), r: () => this.reject() }[event.key];
    if (!run) return false;
    event.preventDefault();
    run();
    return true;
  }

  /** @param {number} place */
  pick(place) {
    if (!this.items.length) return;
    this.chosen = (place + this.items.length) % this.items.length;
    this.narrow = 'one';
    this.page.render();
  }

  view() {
    const { say } = this.page;
    return html`${heading(say('at_proposals'), say('proposals_about'), html`<button class="btn" type="button" ?disabled=${this.busy} @click=${() => this.harvest()}>${icon('history')}${say('harvest_now')}</button>`)}
      <div class="tools"><div class="seg" role="group" aria-label=${say('state')}>${['open', 'accepted', 'rejected'].map((state) => html`<button type="button" aria-pressed=${this.state === state}
        @click=${() => { this.state = state; this.items = []; this.chosen = 0; this.load(); }}>${say(`p_${state}`)}</button>`)}</div></div>
      ${this.status === 'loading' ? waiting(say) : this.status === 'failed' ? failed(say, this.problem, () => this.load())
        : this.items.length ? html`<div class="split at-${this.narrow}">${this.#list()}${this.#one(this.current)}</div>`
        : html`<div class="empty"><strong>${say('no_proposals')}</strong><span class="small">${say('no_proposals_text')}</span></div>`}`;
  }

  #list() {
    const { say } = this.page;
    return html`<ol class="items" aria-label=${say('at_proposals')}>${repeat(this.items, (item) => item.id, (item, place) => html`<li><button type="button" aria-current=${place === this.chosen ? 'true' : nothing} @click=${() => this.pick(place)}>
      <span class="tags"><span class="badge slim ${KIND_TONE[/** @type {'new'} */ (item.kind)] ?? ''}">${say(`kind_${item.kind}`)}</span><span class="quiet tiny num">${say('in_chats', item.conversations)}</span></span>
      <span class="q">${item.question}</span></button></li>`)}</ol>`;
  }

  /** @param {any} item */
  #one(item) {
    const { say, staff } = this.page;
    const words = this.wordsOf(item);
    const open = item.state === 'open';
    return html`<article class="card one stack"><button class="back narrow-only" type="button" @click=${() => { this.narrow = 'list'; this.page.render(); }}>${icon('back')}${say('at_proposals')}</button>
      <header class="row"><span class="badge ${KIND_TONE[/** @type {'new'} */ (item.kind)] ?? ''}">${say(`kind_${item.kind}`)}</span><span class="grow">${say(`kind_${item.kind}_about`)}</span>
        ${item.entry ? html`<a class="small" href="#/entries/${encodeURIComponent(item.entry)}">${item.entry}</a>` : nothing}</header>
      ${this.#words(item, words, open)}
      ${item.reasons?.length ? html`<div class="why"><h3>${say('why_proposed')}</h3><ul>${item.reasons.map((/** @type {any} */ reason) => html`<li>${reason.text ?? reason}</li>`)}</ul></div>` : nothing}
      ${this.#evidence(item)}
      ${open ? html`<footer class="row"><span class="grow tiny quiet wide-only">${say('proposal_keys')}</span>
          <button class="btn danger" type="button" aria-keyshortcuts="r" ?disabled=${this.busy} @click=${() => this.reject()}>${say('reject')}</button>
          <button class="btn main" type="button" aria-keyshortcuts="a" ?disabled=${this.busy} @click=${() => this.accept()}>${icon('done')}${say('accept')}</button></footer>`
        : html`<p class="notice ${item.state === 'accepted' ? 'good' : ''}"><span>${say(`p_${item.state}`)} ${item.decided_at ? day(item.decided_at, staff.settings.locale, Date.now()) : ''}${item.reason ? ` · ${item.reason}` : ''}</span></p>`}
    </article>`;
  }

  /** @param {any} item @param {{question: string, answer: string}} words @param {boolean} open */
  #words(item, words, open) {
    const { say } = this.page;
    const input = (/** @type {'question' | 'answer'} */ name, /** @type {number} */ rows) => html`<label class="field"><span class="label">${say(`f_${name}`)}</span>
      <textarea class="input" rows=${rows} ?readonly=${!open} .value=${live(words[name])} @input=${(/** @type {any} */ event) => this.edit(item, { [name]: event.target.value })}></textarea></label>`;
    const now = item.current;
    if (item.kind === 'retirement') return html`<p class="strong">${now?.question ?? item.question}</p><div class="diff"><del>${now?.answer ?? item.answer}</del></div>`;
    if (item.kind === 'variant') {
      return html`<div><span class="label">${say('variant_of')}</span><p class="strong">${now?.question ?? item.entry}</p>
        <ul class="variants">${(now?.variants ?? []).map((/** @type {string} */ text) => html`<li>${text}</li>`)}<li class="diff"><ins>${words.question}</ins></li></ul></div>${open ? input('question', 2) : nothing}`;
    }
    if (item.kind === 'correction' && now) {
      return html`<p class="strong">${now.question}</p><div><span class="label">${say('difference')}</span><div class="box">${diffText(now.answer, words.answer)}</div></div>${open ? input('answer', 6) : nothing}`;
    }
    return html`${input('question', 2)}${input('answer', 6)}`;
  }

  /** What was said is asked for when it is looked at. @param {any} item */
  async #ask(item) {
    if (this.quotes.has(item.id)) return;
    this.quotes.set(item.id, null);
    try {
      const answer = await this.page.api.get(`/proposals/${encodeURIComponent(item.id)}/evidence`);
      this.quotes.set(item.id, answer.evidence);
    } catch {
      this.quotes.delete(item.id);
      return;
    }
    this.page.render();
  }

  /** @param {any} item */
  #evidence(item) {
    const { say } = this.page;
    void this.#ask(item);
    const quoted = this.quotes.get(item.id) ?? item.evidence.map((/** @type {string} */ conversation) => ({ conversation, quotes: [] }));
    const bare = quoted.every((/** @type {any} */ each) => !each.quotes.length);
    return html`<div class="evidence"><h3>${say('evidence')}<span class="quiet small"> ${say('evidence_masked')}</span></h3>
      ${bare ? html`<p class="row">${quoted.map((/** @type {any} */ each) => html`<code class="badge slim">${each.conversation}</code>`)}</p>`
        : quoted.filter((/** @type {any} */ each) => each.quotes.length).map((/** @type {any} */ each) => html`<figure><blockquote>${each.quotes.map((/** @type {any} */ quote) => html`<p class="said ${quote.from === 'shopper' ? 'shopper' : 'agent'}">${masked(quote.text)}</p>`)}</blockquote>
          <figcaption class="tiny quiet"><code>${each.conversation}</code></figcaption></figure>`)}</div>`;
  }
}

/** Marks such as 〔氏名〕 stand out as what they are. @param {string} text */
export const masked = (text) => String(text).split(/(〔[^〕]{1,12}〕)/).map((part) => (part.startsWith('〔') ? html`<span class="masked">${part}</span>` : part));
