/** A corpus file into the draft: chosen or dropped, and every row that is wrong named. */
import { html, nothing } from '../vendor/lit-html.js';
import { icon } from '../staff/icons.js';
import { sayProblem } from '../staff/words.js';
import { heading } from './page.js';

const MOST = 50 * 1024 * 1024;

export class ImportPlace {
  /** @type {File | null} */ file = null;
  /** @type {any} */ done = null;
  /** @type {any} */ problem = null;
  busy = false;
  over = false;

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  open() {
    Object.assign(this, { file: null, done: null, problem: null, busy: false });
  }

  /** @param {File | undefined} file */
  choose(file) {
    if (!file) return;
    Object.assign(this, { file, done: null, problem: file.size > MOST ? { code: 'too_large' } : null });
    this.page.render();
  }

  async send() {
    const { file } = this;
    if (!file || this.busy) return;
    Object.assign(this, { busy: true, done: null, problem: null });
    this.page.render();
    try {
      const type = /\.csv$/i.test(file.name) ? 'text/csv' : 'application/x-ndjson';
      this.done = await this.page.api.upload(`/imports?name=${encodeURIComponent(file.name)}`, file, type);
      this.page.publishing.look();
    } catch (problem) {
      this.problem = problem;
    }
    this.busy = false;
    this.page.render();
  }

  view() {
    const { say } = this.page;
    const drop = (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      this.over = false;
      this.choose(event.dataTransfer?.files[0]);
    };
    const hover = (/** @type {boolean} */ over) => (/** @type {DragEvent} */ event) => {
      event.preventDefault();
      if (this.over === over) return;
      this.over = over;
      this.page.render();
    };
    return html`${heading(say('at_import'), say('import_about'))}
      <section class="card stack"><label class="dropper ${this.over ? 'over' : ''}" @dragover=${hover(true)} @dragleave=${hover(false)} @drop=${drop}>
          <input class="visually-hidden" type="file" accept=".csv,.jsonl,.ndjson,text/csv" @change=${(/** @type {any} */ event) => this.choose(event.target.files[0])}>
          ${icon('upload')}<strong>${this.file ? this.file.name : say('choose_file')}</strong><span class="small quiet">${this.file ? sizeOf(this.file.size) : say('choose_file_text')}</span></label>
        <div class="row"><span class="grow small quiet">${say('import_rule')}</span><button class="btn main" type="button" ?disabled=${!this.file || this.busy || this.problem?.code === 'too_large'} @click=${() => this.send()}>${say(this.busy ? 'importing' : 'import_it')}</button></div></section>
      <div role="status" aria-live="polite">${this.done ? this.#result() : this.problem ? this.#wrong() : nothing}</div>
      <details class="card"><summary>${say('import_shape')}</summary><p class="small">${say('import_columns')}</p><pre class="sample">id,question,variants,answer,category
ship-003,送料はいくらですか,配送料|送料,全国一律550円です。,送料</pre><p class="small">${say('import_jsonl')}</p></details>`;
  }

  #result() {
    const { say } = this.page;
    const { done } = this;
    return html`<section class="card stack"><p class="notice good">${icon('done')}<span class="grow">${say('import_done', done.added, done.changed, done.unchanged)}</span><a href="#/releases">${say('go_publish')}</a></p>
      ${done.warnings?.length ? this.#rows(done.warnings, say('import_warnings', done.warnings.length)) : nothing}</section>`;
  }

  #wrong() {
    const { say } = this.page;
    const problems = this.problem.body?.problems ?? [];
    return html`<section class="card stack"><p class="notice bad" role="alert">${icon('warn')}<span>${problems.length ? say('import_wrong', problems.length) : this.problem.code === 'too_large' ? say('import_large') : sayProblem(say, this.problem)}</span></p>
      ${problems.length ? this.#rows(problems, say('import_rows')) : nothing}</section>`;
  }

  /** @param {any[]} problems @param {string} title */
  #rows(problems, title) {
    const { say } = this.page;
    return html`<div class="scroller" tabindex="0" role="region" aria-label=${title}><table class="table"><caption>${title}</caption><thead><tr><th scope="col" class="num">${say('row')}</th><th scope="col">${say('column')}</th><th scope="col">${say('what')}</th></tr></thead>
      <tbody>${problems.map((each) => html`<tr><td class="num">${each.line ?? ''}</td><td><code>${each.field ?? ''}</code></td><td>${each.message ?? ''}</td></tr>`)}</tbody></table></div>`;
  }
}

const sizeOf = (/** @type {number} */ bytes) => (bytes < 1024 * 1024 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1024 / 1024).toFixed(1)} MB`);
