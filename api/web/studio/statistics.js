/** A period in figures: what the bot did, whether it helped, how long people waited. */
import { html, nothing, svg } from '../vendor/lit-html.js';
import { dayKey } from '../shared/times.js';
import { waited } from '../staff/elements.js';
import { failed, waiting } from './loading.js';
import { heading } from './page.js';

const KINDS = ['answer', 'offer', 'social', 'decline', 'escalate'];
const SPANS = [7, 30, 90];

/** @param {any} given @returns {any} both shapes of the figures as one */
export function figuresOf(given) {
  const old = { answer: given.answered, offer: given.offered, decline: given.declined, escalate: given.escalated, social: given.social };
  const decisions = given.decisions ?? Object.fromEntries(Object.entries(old).map(([kind, count]) => [kind, count ?? 0]));
  const total = KINDS.reduce((sum, kind) => sum + (decisions[kind] ?? 0), 0);
  return {
    ...given, decisions, total,
    feedback: given.feedback ?? { helpful: given.helpful ?? 0, unhelpful: given.unhelpful ?? 0 },
    rating: given.rating ?? { count: given.ratings?.n ?? 0, mean: given.ratings?.mean ?? null },
    escalations: given.escalations ?? {},
  };
}

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
    const rated = figures.feedback.helpful + figures.feedback.unhelpful;
    const percent = (/** @type {number} */ part, /** @type {number} */ whole) => (whole ? `${Math.round((part / whole) * 100)}%` : '–');
    const tile = (/** @type {string} */ key, /** @type {unknown} */ value, /** @type {unknown} */ below = nothing) => html`<div class="tile"><dt>${say(key)}</dt><dd class="num">${value}</dd>${below === nothing ? nothing : html`<dd class="tiny quiet">${below}</dd>`}</div>`;
    if (!figures.conversations && !figures.total) return html`<div class="empty"><strong>${say('no_figures')}</strong><span class="small">${say('no_figures_text')}</span></div>`;
    const waits = figures.wait_seconds;
    const reasons = Object.entries(figures.escalations).sort((a, b) => Number(b[1]) - Number(a[1]));
    const most = Math.max(...reasons.map(([, count]) => Number(count)), 1);
    return html`<dl class="tiles">
        ${tile('t_conversations', figures.conversations)}
        ${tile('t_answered', percent(figures.decisions.answer ?? 0, figures.total), say('t_of', figures.decisions.answer ?? 0, figures.total))}
        ${tile('t_escalated', percent(figures.decisions.escalate ?? 0, figures.total), say('t_of', figures.decisions.escalate ?? 0, figures.total))}
        ${tile('t_helpful', percent(figures.feedback.helpful, rated), say('t_of', figures.feedback.helpful, rated))}
        ${tile('t_rating', figures.rating.mean?.toFixed(1) ?? '–', say('t_ratings', figures.rating.count))}
        ${waits ? tile('t_wait', waits.median === null ? '–' : waited(waits.median, locale), say('t_waits', waits.count)) : nothing}
      </dl>
      <section class="card stack"><h2>${say('what_bot_did')}</h2>${stack(KINDS.map((kind) => [kind, figures.decisions[kind] ?? 0]), figures.total)}
        <ul class="legend">${KINDS.map((kind) => html`<li><span class="key k-${kind}"></span>${say(kind)}<span class="grow"></span><strong class="num">${figures.decisions[kind] ?? 0}</strong><span class="num quiet">${percent(figures.decisions[kind] ?? 0, figures.total)}</span></li>`)}</ul></section>
      ${figures.days?.length ? html`<section class="card stack"><h2>${say('by_day')}</h2>${daily(figures.days, say)}</section>` : nothing}
      ${reasons.length ? html`<section class="card stack"><h2>${say('why_escalated')}</h2><ul class="legend">${reasons.map(([reason, count]) => html`<li><span class="reason">${say(`why_${reason}`)}</span><svg class="bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">${svg`<rect height="6" width=${(Number(count) / most) * 100}></rect>`}</svg><strong class="num">${count}</strong></li>`)}</ul></section>` : nothing}`;
  }
}

/** One line divided. @param {[string, number][]} parts @param {number} total */
function stack(parts, total) {
  let at = 0;
  return html`<svg class="stacked" viewBox="0 0 1000 26" preserveAspectRatio="none" aria-hidden="true">${parts.map(([kind, count]) => {
    const width = total ? (count / total) * 1000 : 0;
    const from = at;
    at += width;
    return svg`<rect class=${`k-${kind}`} x=${from} width=${Math.max(0, width - 2)} height="26"></rect>`;
  })}</svg>`;
}

/** @param {any[]} days @param {any} say */
function daily(days, say) {
  const rows = days.map((day) => ({ day: day.day, parts: [['answer', day.answered ?? 0], ['offer', day.offered ?? 0], ['decline', day.declined ?? 0], ['escalate', day.escalated ?? 0]] }));
  const top = Math.max(...rows.map((row) => row.parts.reduce((sum, [, count]) => sum + count, 0)), 1);
  const width = 1000 / rows.length;
  return html`<svg class="daily" viewBox="0 0 1000 160" preserveAspectRatio="none" role="img" aria-label=${say('by_day')}>${rows.map((row, place) => {
    let y = 160;
    return row.parts.map(([kind, count]) => {
      const height = (Number(count) / top) * 156;
      y -= height;
      return svg`<rect class=${`k-${kind}`} x=${place * width + 2} y=${y} width=${width - 4} height=${Math.max(0, height - 1)}></rect>`;
    });
  })}</svg><p class="row tiny quiet num"><span>${rows[0].day}</span><span class="grow"></span><span>${rows.at(-1)?.day}</span></p>`;
}
