/** Ask as a shopper would: what the draft says and what the live release says, side by side, and why. */
import { html, nothing } from '../vendor/lit-html.js';
import { parse, toDom } from '../shared/markdown.js';
import { KIND_TONE, confidenceMeter, partsTable, reasons, saidInWords, signals } from '../staff/decision.js';
import { icon } from '../staff/icons.js';
import { failed, waiting } from './loading.js';
import { heading } from './page.js';

const EXAMPLES = ['送料っていくら？', 'ﾎﾟｲﾝﾄ いつまで', '名入れしたやつって返せる？', 'いい加減にしてください。責任者を出して'];

export class TryPlace {
  text = '';
  asked = '';
  locale = 'ja';
  /** @type {any} */ answer = null;
  /** @type {'idle' | 'loading' | 'ready' | 'failed'} */ status = 'idle';
  /** @type {any} */ problem = null;
  #run = 0;

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  /** @param {string | null} text */
  open(text) {
    if (text) this.ask(text);
  }

  /** @param {string} text */
  async ask(text) {
    const run = ++this.#run;
    this.text = text;
    if (!text.trim()) return;
    this.status = 'loading';
    this.asked = text.trim();
    this.page.render();
    try {
      const answer = await this.page.api.post('/entries/try', { text: this.asked, locale: this.locale });
      if (run !== this.#run) return;
      this.answer = answer;
      this.page.names.want([answer.draft, answer.live].flatMap((decision) => (decision?.hits ?? []).slice(0, 6).map((/** @type {any} */ hit) => hit.entry)));
      this.status = 'ready';
    } catch (problem) {
      if (run !== this.#run) return;
      this.status = 'failed';
      this.problem = problem;
    }
    this.page.render();
  }

  view() {
    const { say, ime, staff } = this.page;
    const keydown = (/** @type {any} */ event) => {
      if (ime.sends(event, staff.settings.sendKey)) {
        event.preventDefault();
        this.ask(event.target.value);
      }
    };
    return html`${heading(say('at_try'), say('try_about'))}
      <form class="tools ask" @submit=${(/** @type {Event} */ event) => { event.preventDefault(); this.ask(this.text); }}>
        <label class="grow"><span class="visually-hidden">${say('try_label')}</span><textarea class="input" rows="2" maxlength="4000" placeholder=${say('try_hint')} .value=${this.text}
          @input=${(/** @type {any} */ event) => { this.text = event.target.value; }} @keydown=${keydown}></textarea></label>
        <div class="seg" role="group" aria-label=${say('language')}>${['ja', 'en'].map((locale) => html`<button type="button" aria-pressed=${this.locale === locale} @click=${() => { this.locale = locale; if (this.asked) this.ask(this.asked); else this.page.render(); }}>${locale === 'ja' ? '日本語' : 'English'}</button>`)}</div>
        <button class="btn main">${say('try_ask')}</button></form>
      <div class="row examples"><span class="quiet small">${say('examples')}</span>${EXAMPLES.map((text) => html`<button class="btn slim" type="button" @click=${() => this.ask(text)}>${text}</button>`)}</div>
      ${this.status === 'loading' && !this.answer ? waiting(say) : this.status === 'failed' ? failed(say, this.problem, () => this.ask(this.asked)) : this.answer ? this.#both() : nothing}`;
  }

  #both() {
    const { say } = this.page;
    const { draft, live } = this.answer;
    const same = draft && live && draft.kind === live.kind && draft.entry === live.entry && draft.text === live.text;
    return html`<p class="verdict" role="status">${draft && live ? html`<span class="badge ${same ? '' : 'accent'}">${say(same ? 'try_same' : 'try_differs')}</span>` : nothing} <q>${this.asked}</q></p>
      <div class="both" aria-busy=${this.status === 'loading'}>${this.#one('draft', draft)}${this.#one('live', live)}</div>`;
  }

  /** @param {string} which @param {any} decision */
  #one(which, decision) {
    const { say, names } = this.page;
    return html`<section class="card stack" aria-labelledby="try-${which}"><h2 id="try-${which}">${say(`try_${which}`)}${decision ? html`<span class="badge slim ${KIND_TONE[/** @type {'answer'} */ (decision.kind)] ?? ''}">${say(decision.kind)}</span>` : nothing}</h2>
      ${decision ? html`
        <div class="talk"><div class="said bot">${decision.text ? toDom(parse(decision.text)) : html`<span class="quiet">–</span>`}
          ${decision.offers?.length ? html`<ul class="offers">${decision.offers.map((/** @type {any} */ offer) => html`<li>${offer.question}</li>`)}</ul>` : nothing}</div></div>
        <p class="small">${saidInWords(decision, say, names.of)}${decision.entry ? html` <a href="#/entries/${encodeURIComponent(decision.entry)}">${icon('pen')}${say('edit_it')}</a>` : nothing}</p>
        ${confidenceMeter(decision.confidence, say)}${reasons(decision, say)}${signals(decision, say)}
        ${decision.hits?.length ? partsTable(decision.hits.slice(0, 6), say, names.of, this.asked) : html`<p class="quiet small">${say('no_candidates')}</p>`}
        <p class="tiny quiet num">${decision.ms?.total === undefined ? '' : say('took', decision.ms.total.toFixed(1))}</p>`
        : html`<p class="quiet">${say(`try_no_${which}`)}</p>`}</section>`;
  }
}
