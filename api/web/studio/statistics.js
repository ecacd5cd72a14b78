/** A period in figures: what the bot did, whether it helped, how long people waited. */
import { html, nothing, svg } from '../vendor/lit-html.js';
import { dayKey } from '../shared/times.js';
import { waited } from '../staff/elements.js';
import { KINDS, figuresOf } from './figures.js';
import { bar } from '../staff/decision.js';
import { failed, waiting } from './loading.js';
import { heading } from './page.js';

const SPANS = [7, 30, 90];

export class StatisticsPlace {
  days = 30;
  /** @type {any} */ figures = null;
  /** @type {'loading' | 'ready' | 'failed'} */ status = 'loading';
  /** @type {any} */ problem = null;

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  open() {
    void this.load();
  }

  async load() {
    if (!this.figures) this.status = 'loading';
    this.page.render();
    const now = Date.now();
    try {
      this.figures = figuresOf(await this.page.api.get('/statistics', { from: dayKey(now - (this.days - 1) * 86_400_000), to: dayKey(now) }));
      this.status = 'ready';
    } catch (problem) {
      this.status = 'failed';
      this.problem = problem;
    }
    this.page.render();
  }

  view() {
    const { say } = this.page;
    return html`${heading(say('at_statistics'), this.figures ? `${this.figures.from} – ${this.figures.to}` : nothing, html`<div class="seg" role="group" aria-label=${say('period')}>${SPANS.map((days) => html`<button type="button" aria-pressed=${this.days === days}
        @click=${() => { this.days = days; this.load(); }}>${say('last_days', days)}</button>`)}</div>`)}
      ${this.status === 'loading' ? waiting(say) : this.status === 'failed' ? failed(say, this.problem, () => this.load()) : this.#all()}`;
  }

  #all() {
    const { say, staff } = this.page;
    const { figures } = this;
    const { locale } = staff.settings;
    const percent = (/** @type {number} */ part, /** @type {number} */ whole) => (whole ? `${Math.round((part / whole) * 100)}%` : '–');
    const tile = (/** @type {string} */ key, /** @type {unknown} */ value, /** @type {unknown} */ below = nothing) => html`<div class="tile"><dt>${say(key)}</dt><dd class="num">${value}</dd>${below === nothing ? nothing : html`<dd class="tiny quiet">${below}</dd>`}</div>`;
    const part = (/** @type {string} */ key, /** @type {number} */ count, /** @type {number} */ whole) => tile(key, percent(count, whole), say('t_of', count, whole));
    if (!figures.conversations && !figures.total) return html`<div class="empty"><strong>${say('no_figures')}</strong><span class="small">${say('no_figures_text')}</span></div>`;
    const most = Math.max(...figures.reasons.map((/** @type {[string, number]} */ [, count]) => count), 1);
    return html`<dl class="tiles">
        ${tile('t_conversations', figures.conversations)}
        ${part('t_answered', figures.decisions.answer, figures.total)}
        ${part('t_escalated', figures.decisions.escalate, figures.total)}
        ${part('t_helpful', figures.helpful, figures.rated)}
        ${tile('t_rating', figures.stars.mean?.toFixed(1) ?? '–', say('t_ratings', figures.stars.n))}
        ${tile('t_wait', figures.waits.median === null ? '–' : waited(figures.waits.median, locale), say('t_waits', figures.waits.n))}
      </dl>
      <section class="card stack"><h2>${say('what_bot_did')}</h2>${stack(figures)}
        <ul class="legend">${KINDS.map((kind) => html`<li><svg class="key" viewBox="0 0 1 1" aria-hidden="true">${svg`<rect class=${`k-${kind}`} width="1" height="1"></rect>`}</svg>${say(kind)}<span class="grow"></span><strong class="num">${figures.decisions[kind]}</strong><span class="num quiet">${percent(figures.decisions[kind], figures.total)}</span></li>`)}</ul></section>
      ${figures.days.length > 1 ? html`<section class="card stack"><h2>${say('by_day')}</h2>${daily(figures.days, say)}</section>` : nothing}
      ${figures.reasons.length ? html`<section class="card stack"><h2>${say('why_escalated')}</h2><ul class="legend">${figures.reasons.map((/** @type {[string, number]} */ [reason, count]) => html`<li><span class="reason">${say(`why_${reason}`)}</span>${bar(count / most)}<strong class="num">${count}</strong></li>`)}</ul></section>` : nothing}`;
  }
}

/** One line divided. @param {any} figures */
function stack({ decisions, total }) {
  let at = 0;
  return html`<svg class="stacked" viewBox="0 0 1000 26" preserveAspectRatio="none" aria-hidden="true">${KINDS.map((kind) => {
    const width = total ? (decisions[kind] / total) * 1000 : 0;
    const from = at;
    at += width;
    return svg`<rect class=${`k-${kind}`} x=${from} width=${Math.max(0, width - 2)} height="26"></rect>`;
  })}</svg>`;
}

/** @param {any[]} days @param {any} say */
function daily(days, say) {
  const top = Math.max(...days.map((day) => KINDS.reduce((sum, kind) => sum + day[kind], 0)), 1);
  const width = 1000 / days.length;
  return html`<svg class="daily" viewBox="0 0 1000 160" preserveAspectRatio="none" role="img" aria-label=${say('by_day')}>${days.map((day, place) => {
    let y = 160;
    return KINDS.map((kind) => {
      const height = (day[kind] / top) * 156;
      y -= height;
      return svg`<rect class=${`k-${kind}`} x=${place * width + 2} y=${y} width=${Math.max(1, width - 4)} height=${Math.max(0, height - 1)}></rect>`;
    });
  })}</svg><p class="row tiny quiet num"><span>${days[0].day}</span><span class="grow"></span><span>${days.at(-1)?.day}</span></p>`;
}
