/** The studio as a page: a place for each kind of work, found by the address after `#/`. */
import { html, nothing, render } from '../vendor/lit-html.js';
import { imeGuard } from '../shared/ime.js';
import '../staff/elements.js';
import { toast } from '../staff/dialog.js';
import { favicon, icon } from '../staff/icons.js';
import { Names } from '../desk/names.js';
import { topBar } from '../staff/session.js';
import { sayProblem } from '../staff/words.js';
import { EntriesPlace } from './entries.js';
import { EntryPlace } from './entry.js';
import { ImportPlace } from './imports.js';
import { ProposalsPlace } from './proposals.js';
import { Publishing, ReleasesPlace } from './releases.js';
import { StatisticsPlace } from './statistics.js';
import { TryPlace } from './try.js';

const PLACES = [
  ['entries', 'list', false], ['try', 'try', true], ['proposals', 'inbox', true], ['releases', 'rocket', true],
  ['import', 'upload', true], ['statistics', 'chart', false],
];

/** @param {string} hash @returns {[string, string | null]} place and what of it: #/entries/ship-001 */
export function addressOf(hash) {
  const [place, ...rest] = hash.replace(/^#\/?/, '').split('/');
  /** @type {string | null} */ let of = null;
  try {
    of = rest.length ? decodeURIComponent(rest.join('/')) : null;
  } catch {
    of = null;
  }
  return [place || 'entries', of];
}

/** @param {import('../staff/session.js').Staff} staff */
export function openStudio(staff) {
  const { root } = staff;
  let due = 0;
  const mayWrite = staff.user.role === 'editor' || staff.user.role === 'admin';
  const ime = imeGuard(root);
  const page = {
    staff, ime, mayWrite,
    api: staff.api,
    /** @param {any[]} given */
    say: (...given) => staff.say(.../** @type {[string]} */ (given)),
    render: soon,
    go: (/** @type {string} */ to) => { location.hash = `#/${to}`; },
    tell: (/** @type {string} */ text, /** @type {any} */ how) => toast(text, how),
    fail: (/** @type {any} */ problem) => toast(sayProblem(staff.say, problem), { bad: true }),
    names: new Names(staff.api, soon),
    counts: { proposals: 0 },
    publishing: /** @type {any} */ (null),
  };
  page.publishing = new Publishing(page);
  /** @type {Record<string, any>} */
  const places = {
    entries: new EntriesPlace(page), entry: new EntryPlace(page), try: new TryPlace(page), proposals: new ProposalsPlace(page),
    releases: new ReleasesPlace(page), import: new ImportPlace(page), statistics: new StatisticsPlace(page),
  };
  let [name, of] = ['', /** @type {string | null} */ (null)];
  let place = places.entries;

  function moved() {
    [name, of] = addressOf(location.hash);
    if (!PLACES.some(([each, , writers]) => each === name && (mayWrite || !writers))) [name, of] = ['entries', null];
    place.close?.();
    place = name === 'entries' && of ? places.entry : places[name];
    place.open(of);
    soon();
    document.getElementById('main')?.scrollTo(0, 0);
    requestAnimationFrame(() => requestAnimationFrame(() => root.querySelector('.places [aria-current]')?.scrollIntoView({ block: 'nearest', inline: 'center' })));
  }

  function soon() {
    due ||= requestAnimationFrame(draw);
  }

  function draw() {
    cancelAnimationFrame(due);
    due = 0;
    const { say } = page;
    document.title = `${place.title?.() ?? say(`at_${name}`)} · ${say('studio')} · ${say('product')}`;
    render(html`${topBar(staff, 'studio', nothing, mayWrite ? page.publishing.button() : nothing)}
      <div class="studio">
        <nav class="places" aria-label=${say('studio')}>${PLACES.map(([each, glyph, writers]) => (writers && !mayWrite ? nothing : html`
          <a href="#/${each}" aria-current=${each === name ? 'page' : nothing}>${icon(/** @type {string} */ (glyph))}<span>${say(`at_${each}`)}</span>
          ${each === 'proposals' && page.counts.proposals ? html`<span class="badge count slim">${page.counts.proposals}</span>` : nothing}</a>`))}</nav>
        <main class="work" id="main" tabindex="-1">${place.view()}</main>
      </div>`, root);
    place.drawn?.();
  }

  /** @param {KeyboardEvent} event */
  function pressed(event) {
    if (ime.composing(event) || event.defaultPrevented || document.querySelector('dialog[open]')) return;
    if (place.key?.(event)) return;
    const field = /** @type {HTMLElement} */ (event.target).closest?.('input, textarea, select');
    if (field || event.ctrlKey || event.metaKey || event.altKey || !staff.settings.keys) return;
    if (event.key === '/') {
      event.preventDefault();
      /** @type {HTMLElement | null} */ (root.querySelector('.work input[type=search], .work textarea'))?.focus();
    } else if (event.key === 'n' && mayWrite) {
      event.preventDefault();
      page.go('entries/+');
    }
  }

  addEventListener('hashchange', moved);
  document.addEventListener('keydown', pressed);
  document.querySelector('link[rel="icon"]')?.setAttribute('href', favicon(0));
  if (mayWrite) {
    page.publishing.look();
    staff.api.get('/proposals', { state: 'open' }).then((answer) => {
      page.counts.proposals = answer.proposals.length;
      soon();
    }, () => {});
  }
  moved();

  return {
    render: draw,
    stop() {
      cancelAnimationFrame(due);
      removeEventListener('hashchange', moved);
      document.removeEventListener('keydown', pressed);
      page.publishing.stop();
      place.close?.();
      ime.stop();
    },
  };
}

/** A place's heading. @param {unknown} title @param {unknown} [about] @param {unknown} [end] */
export const heading = (title, about = nothing, end = nothing) =>
  html`<header class="heading"><div class="grow"><h1>${title}</h1>${about === nothing ? nothing : html`<p class="quiet small">${about}</p>`}</div>${end}</header>`;
