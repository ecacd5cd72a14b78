/** What is live, what would be, and the way between: publish with its check, go back with a question first. */
import { html, nothing, repeat } from '../vendor/lit-html.js';
import { clock, day } from '../shared/times.js';
import { bar } from '../staff/decision.js';
import { ask, confirm } from '../staff/dialog.js';
import { icon } from '../staff/icons.js';
import { stateOf } from './fields.js';
import { failed, waiting } from './loading.js';
import { heading } from './page.js';

const LOOK = 1000;
const TONE = { live: 'good', building: 'accent', failed: 'bad', superseded: '' };

/** Releases and the one that may be in the making; every place may ask it. */
export class Publishing {
  /** @type {any[]} */ releases = [];
  /** @type {any} */ now = { state: 'idle' };
  /** @type {any[] | null} entries whose draft is not live */ changes = null;
  total = 0;
  /** @type {'loading' | 'ready' | 'failed'} */ status = 'loading';
  /** @type {any} */ problem = null;
  #watching = false;
  #told = '';
  /** @type {ReturnType<typeof setTimeout> | undefined} */ #timer;

  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  stop() {
    clearTimeout(this.#timer);
    this.#watching = false;
  }

  get building() {
    return this.now.state === 'building';
  }

  /** Asks once, and goes on asking while something is built. */
  async look() {
    clearTimeout(this.#timer);
    try {
      const { api } = this.page;
      const [answer, drafts, gone] = await Promise.all([api.get('/releases'), api.get('/entries', { state: 'draft' }), api.get('/entries', { state: 'deleted' })]);
      this.releases = answer.releases;
      this.now = answer.publishing;
      this.changes = [...drafts.entries, ...gone.entries.filter((/** @type {any} */ each) => each.live_revision)];
      this.total = answer.changes;
      this.status = 'ready';
    } catch (problem) {
      if (!this.releases.length) this.status = 'failed';
      this.problem = problem;
    }
    if (this.now.state === 'building') {
      this.#watching = true;
      this.#timer = setTimeout(() => this.look(), LOOK);
    } else if (this.#watching) {
      this.#watching = false;
      this.#tell();
    }
    this.page.render();
  }

  #tell() {
    const { say, tell, go } = this.page;
    const what = JSON.stringify(this.now);
    if (what === this.#told) return;
    this.#told = what;
    if (this.now.state === 'done') tell(say('published'));
    else if (this.now.state === 'refused' || this.now.state === 'failed') tell(say('not_published'), { bad: true, action: { label: say('look'), run: () => go('releases') } });
  }

  /** @param {string} note @param {boolean} [force] */
  async publish(note, force = false) {
    try {
      const answer = await this.page.api.post('/releases', { ...(note ? { note } : {}), ...(force ? { force } : {}) });
      this.now = answer.publishing;
      this.#watching = true;
      this.#told = '';
    } catch (problem) {
      this.page.fail(problem);
    }
    await this.look();
  }

  async begin() {
    const { say, ime } = this.page;
    const note = await ask((close) => html`<form @submit=${(/** @type {any} */ event) => { event.preventDefault(); close(String(new FormData(event.target).get('note') ?? '').trim()); }}>
      <header><h2>${say('publish_title')}</h2></header>
      <div class="inside"><p>${say('publish_text', this.count)}</p>
        <label class="field"><span class="label">${say('publish_note')}</span><input class="input" name="note" maxlength="200" autocomplete="off" autofocus placeholder=${say('publish_note_hint')}></label></div>
      <footer><button class="btn" type="button" @click=${() => close()}>${say('cancel')}</button><button class="btn main">${icon('rocket')}${say('publish')}</button></footer></form>`, { label: say('publish_title') });
    if (note !== undefined) await this.publish(note);
  }

  get count() {
    return this.changes === null ? '' : this.total;
  }

  /** For the top bar. */
  button() {
    const { say } = this.page;
    if (this.now.state === 'building') return html`<a class="btn plain slim" href="#/releases" role="status">${say('publishing')} <span class="num">${percent(this.now)}</span></a>`;
    return this.total ? html`<a class="btn slim" href="#/releases">${icon('rocket')}<span class="wide-only">${say('unpublished')}</span><span class="badge count">${this.count}</span></a>` : nothing;
  }
}

const share = (/** @type {any} */ now) => (now.total ? now.done / now.total : 0);
const percent = (/** @type {any} */ now) => (now.total ? `${Math.floor(share(now) * 100)}%` : '…');

export class ReleasesPlace {
  /** @param {any} page */
  constructor(page) {
    this.page = page;
  }

  open() {
    void this.page.publishing.look();
  }

  /** @param {any} release */
  async back(release) {
    const { say, staff, api, tell, fail, publishing } = this.page;
    const { locale } = staff.settings;
    const sure = await confirm({
      title: say('rollback_title'), yes: say('rollback'), no: say('cancel'), danger: true,
      text: html`<p>${say('rollback_text', `${day(release.created_at, locale, Date.now())} ${clock(release.created_at, locale)}`, release.entries)}</p>`,
    });
    if (!sure) return;
    try {
      await api.post(`/releases/${encodeURIComponent(release.id)}/rollback`);
      tell(say('rolled_back'));
    } catch (problem) {
      fail(problem);
    }
    await publishing.look();
  }

  view() {
    const { say, publishing } = this.page;
    const none = publishing.changes !== null && !publishing.total;
    return html`${heading(say('at_releases'), say('releases_about'), html`<button class="btn main" type="button" ?disabled=${publishing.building || none} @click=${() => publishing.begin()}>${icon('rocket')}${say('publish')}</button>`)}
      ${publishing.status === 'loading' ? waiting(say) : publishing.status === 'failed' ? failed(say, publishing.problem, () => publishing.look()) : html`
        ${this.#now()}${this.#changes()}
        <section><h2 class="sub">${say('all_releases')}</h2><ol class="releases">${repeat(publishing.releases, (/** @type {any} */ each) => each.id, (/** @type {any} */ each) => this.#release(each))}</ol>
          ${publishing.releases.length ? nothing : html`<p class="quiet">${say('no_releases')}</p>`}</section>`}`;
  }

  #now() {
    const { say, publishing } = this.page;
    const { now } = publishing;
    if (now.state === 'building') {
      return html`<section class="card stack" role="status"><h2>${say('publishing')}</h2>
        <div role="progressbar" aria-label=${say('publishing')} aria-valuemin="0" aria-valuemax="100" aria-valuenow=${Math.floor(share(now) * 100)}>${bar(share(now))}</div>
        <p class="quiet small num">${now.total ? `${now.done} / ${now.total}` : ''} ${say(now.total && now.done >= now.total ? 'checking' : 'encoding')}</p></section>`;
    }
    if (now.state === 'refused' || now.state === 'failed') {
      return html`<section class="card stack"><p class="notice ${now.state === 'refused' ? 'warn' : 'bad'}">${icon('warn')}<span>${say(now.state === 'refused' ? 'refused_text' : 'failed_text')}<br><span class="small">${now.error ?? ''}</span></span></p>
        ${now.state === 'refused' ? html`<div class="row"><span class="grow"></span><button class="btn danger" type="button" @click=${() => this.#force()}>${say('force')}</button></div>` : nothing}</section>`;
    }
    return nothing;
  }

  async #force() {
    const { say, publishing } = this.page;
    if (await confirm({ title: say('force_title'), text: html`<p>${say('force_text')}</p>`, yes: say('force'), no: say('cancel'), danger: true })) await publishing.publish('', true);
  }

  #changes() {
    const { say, publishing } = this.page;
    const { changes } = publishing;
    if (!changes) return nothing;
    return html`<section class="card"><h2>${say('changes')}<span class="badge ${changes.length ? 'count' : ''}">${publishing.count}</span></h2>
      ${changes.length ? html`<ul class="lines">${changes.slice(0, 50).map((/** @type {any} */ item) => html`<li><span class="badge slim ${{ draft: 'good', changed: 'accent', deleted: 'bad' }[/** @type {'draft'} */ (stateOf(item))] ?? ''}">${say(`change_${stateOf(item)}`)}</span>
          <a class="clip grow" href="#/entries/${encodeURIComponent(item.id)}">${item.question}</a></li>`)}</ul>` : html`<p class="quiet small">${say('no_changes')}</p>`}</section>`;
  }

  /** @param {any} release */
  #release(release) {
    const { say, staff } = this.page;
    const { locale } = staff.settings;
    const tone = TONE[/** @type {'live'} */ (release.state)] ?? '';
    return html`<li class="card ${release.state}"><div class="row"><span class="badge ${tone}">${say(`release_${release.state}`)}</span>
        <strong><time datetime=${release.created_at}>${day(release.created_at, locale, Date.now())} ${clock(release.created_at, locale)}</time></strong>
        <span class="quiet small">${say('n_entries', release.entries)} ${release.by ?? ''}</span><span class="grow"></span>
        <code class="quiet tiny">${release.id}</code>
        ${release.state === 'superseded' && release.usable !== false ? html`<button class="btn slim" type="button" @click=${() => this.back(release)}>${icon('undo')}${say('rollback')}</button>` : nothing}</div>
      ${release.note ? html`<p>${release.note}</p>` : nothing}
      ${release.error ? html`<p class="wrong">${release.error}</p>` : nothing}
      ${release.check ? checkView(this.page, release.check) : nothing}</li>`;
  }
}

/** The check's result in words, with what got worse. @param {any} page @param {any} check */
export function checkView({ say, names }, check) {
  const { asked, found, lost = [], changes = [] } = check;
  names.want([...lost.map((/** @type {any} */ each) => each.entry)].slice(0, 20));
  const head = html`<span class="badge slim ${check.worse || lost.length ? 'warn' : 'good'}">${say('check_found', found, asked)}</span>
    ${lost.length ? html`<span class="small">${say('check_lost', lost.length)}</span>` : nothing}${changes.length ? html`<span class="small">${say('check_changes', changes.length)}</span>` : nothing}`;
  if (!lost.length && !changes.length) return html`<p class="row">${head}</p>`;
  return html`<details class="check-more"><summary class="row">${head}</summary>
    ${lost.length ? html`<h3>${say('check_lost_title')}</h3><ul class="lines">${lost.map((/** @type {any} */ each) => html`<li><q>${each.text}</q><a class="small" href="#/entries/${encodeURIComponent(each.entry)}">${names.of(each.entry)}</a></li>`)}</ul>` : nothing}
    ${changes.length ? html`<h3>${say('check_changes_title')}</h3><ul class="lines">${changes.map((/** @type {any} */ each) => html`<li><q class="grow">${each.text}</q><span class="small quiet">${each.before} → ${each.after}</span></li>`)}</ul>` : nothing}</details>`;
}
