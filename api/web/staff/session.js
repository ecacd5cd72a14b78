/**
 * The way into a staff page: restores the session, asks for it, and hands the page over once somebody is there.
 *
 *   startStaff({ page: 'desk', words, roles: ['agent', …], open: (staff) => page, });
 *
 * `open` gets what every part of a page needs and returns `{ render(), stop() }`.
 *
 * @typedef {object} Staff
 * @property {Api} api
 * @property {{id: string, name: string, role: string, email?: string}} user
 * @property {(key: string, ...given: any[]) => string} say
 * @property {import('./settings.js').Settings} settings
 * @property {(change: Partial<import('./settings.js').Settings>) => void} choose keeps settings and renders anew
 * @property {HTMLElement} root
 * @property {() => unknown} menu the account's menu, for the page's top bar
 */
import { html, nothing, render } from '../vendor/lit-html.js';
import { imeGuard } from '../shared/ime.js';
import { Api } from './api.js';
import { icon, mark } from './icons.js';
import { keepSettings, readSettings, wear } from './settings.js';
import { sayProblem, staffWords } from './words.js';

const RETRY = 4000;

/** @param {{page: 'desk' | 'studio', words: {ja: object, en: object}, roles: string[], open: (staff: Staff) => any}} how */
export function startStaff({ page, words, roles, open }) {
  const root = /** @type {HTMLElement} */ (document.getElementById('app'));
  root.textContent = '';
  let settings = readSettings();
  let say = staffWords(settings.locale, words);
  /** @type {any} */ let inside = null;
  /** @type {{problem?: string, busy?: boolean, over?: boolean}} */ let door = {};
  /** @type {any} */ let user = null;
  let phase = 'starting';
  /** @type {ReturnType<typeof setTimeout> | undefined} */ let retry;
  const guard = imeGuard(root);

  const api = new Api({ onSignedOut: () => (phase === 'inside' || phase === 'shut' ? leave(true) : undefined) });
  const staff = {
    api,
    get user() { return user; },
    get say() { return say; },
    get settings() { return settings; },
    choose, root, menu,
  };

  /** @param {Partial<import('./settings.js').Settings>} change */
  function choose(change) {
    settings = { ...settings, ...change };
    keepSettings(settings);
    say = staffWords(settings.locale, words);
    show();
  }

  function show() {
    document.title = `${say(page)} · ${say('product')}`;
    if (phase === 'inside') return inside.render();
    if (phase === 'door') return render(doorView(), root);
    if (phase === 'away') return render(card(html`<h1>${say('unreachable')}</h1><p class="quiet">${say('unreachable_text')}</p>
      <button class="btn" @click=${restore}>${say('again')}</button>`), root);
    if (phase === 'shut') {
      const other = page === 'desk' ? 'studio' : 'desk';
      return render(card(html`<h1>${say('no_role')}</h1><p class="quiet">${say('no_role_text', say(other))}</p>
        <div class="row"><a class="btn main" href="/${other}">${say(other)}</a>
        <button class="btn" @click=${signOut}>${say('sign_out')}</button></div>`), root);
    }
    return render(card(html`<p class="quiet" role="status">${say('starting')}</p>`), root);
  }

  const card = (/** @type {unknown} */ content) => html`<main class="door" id="main"><div class="card stack">${content}</div></main>`;

  function doorView() {
    return card(html`<div class="brand">${mark}<span class="name">${say('product')}</span></div>
      <h1>${say(`sign_in_${page}`)}</h1>
      ${door.over ? html`<p class="notice warn">${say('session_over')}</p>` : nothing}
      <form class="stack" novalidate @submit=${signIn}>
        <label class="field"><span class="label">${say('email')}</span>
          <input class="input" name="email" type="email" autocomplete="username" inputmode="email" required autofocus></label>
        <label class="field"><span class="label">${say('password')}</span>
          <input class="input" name="password" type="password" autocomplete="current-password" required></label>
        <p class="wrong" role="alert" ?hidden=${!door.problem}>${door.problem ?? ''}</p>
        <button class="btn main" ?disabled=${door.busy}>${door.busy ? say('signing_in') : say('sign_in')}</button>
      </form>
      <div class="foot">${localeChoice()}</div>`);
  }

  const localeChoice = () => html`<div class="seg" role="group" aria-label=${say('language')}>
    ${['ja', 'en'].map((locale) => html`<button type="button" lang=${locale} aria-pressed=${settings.locale === locale}
      @click=${() => choose({ locale: /** @type {any} */ (locale) })}>${locale === 'ja' ? '日本語' : 'English'}</button>`)}</div>`;

  /** @param {string} label @param {string} name @param {[string, string][]} options */
  const choice = (label, name, options) => html`<div><span class="label">${label}</span>
    <div class="seg" role="group" aria-label=${label}>${options.map(([value, text]) => html`<button type="button"
      aria-pressed=${settings[name] === value} @click=${() => choose({ [name]: value })}>${text}</button>`)}</div></div>`;

  function menu() {
    return html`<button class="btn plain" type="button" popovertarget="account" aria-label="${user.name} ${say('account')}" title=${say('account')}>
        ${icon('user')}<span class="wide-only">${user.name}</span></button>
      <div class="menu stack" id="account" popover>
        <div class="who"><strong>${user.name}</strong><div class="quiet small">${say(`role_${user.role}`)}${user.email ? ` · ${user.email}` : ''}</div></div>
        <div><span class="label">${say('language')}</span>${localeChoice()}</div>
        ${choice(say('theme'), 'theme', [['auto', say('auto')], ['light', say('light')], ['dark', say('dark')]])}
        ${page === 'desk' ? choice(say('send_key'), 'sendKey', [['enter', say('enter')], ['mod-enter', say('mod_enter')]]) : nothing}
        <button class="btn" type="button" @click=${signOut}>${say('sign_out')}</button>
      </div>`;
  }

  /** @param {SubmitEvent} event */
  async function signIn(event) {
    event.preventDefault();
    if (door.busy) return;
    const form = new FormData(/** @type {HTMLFormElement} */ (event.target));
    const [email, password] = [String(form.get('email') ?? '').trim(), String(form.get('password') ?? '')];
    door = email && password ? { busy: true } : { problem: say('need_both') };
    show();
    if (!door.busy) return;
    try {
      user = await api.signIn(email, password);
    } catch (problem) {
      const wrong = /** @type {any} */ (problem).status === 401 || /** @type {any} */ (problem).status === 422;
      door = { problem: wrong ? say('bad_credentials') : sayProblem(say, problem) };
      show();
      /** @type {HTMLInputElement | null} */ (root.querySelector('[name=password]'))?.select();
      return;
    }
    door = {};
    enter();
  }

  async function signOut() {
    try {
      await api.signOut();
    } catch {
      // gone or away: leaving the page is what was asked for
    }
    leave(false);
  }

  /** @param {boolean} over the session ended by itself */
  function leave(over) {
    inside?.stop();
    inside = null;
    user = null;
    phase = 'door';
    door = { over };
    show();
  }

  function enter() {
    phase = roles.includes(user.role) ? 'inside' : 'shut';
    if (phase === 'inside') {
      render(nothing, root);
      inside = open(staff);
    }
    show();
  }

  async function restore() {
    clearTimeout(retry);
    try {
      user = await api.restore();
    } catch (problem) {
      phase = /** @type {any} */ (problem).status === 401 ? 'door' : 'away';
      if (phase === 'away') retry = setTimeout(restore, RETRY);
      show();
      return;
    }
    enter();
  }

  root.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && phase === 'door' && guard.composing(event)) event.preventDefault();
  });
  wear(settings);
  addEventListener('online', () => phase === 'away' && restore());
  show();
  void restore();
}

/** Not by the address, which holds what is shown. @param {Event} event */
function toMain(event) {
  event.preventDefault();
  document.getElementById('main')?.focus();
}

/** The bar at the top of both pages. @param {Staff} staff @param {'desk' | 'studio'} page @param {unknown} [middle] @param {unknown} [end] */
export function topBar(staff, page, middle = nothing, end = nothing) {
  const { say, user } = staff;
  const pages = user.role === 'agent' ? ['desk'] : user.role === 'editor' ? ['studio'] : ['desk', 'studio'];
  return html`<a class="skip" href="#main" @click=${toMain}>${say('skip')}</a>
    <header class="top">
      <a class="brand" href="/${page}" aria-label=${say('product')}>${mark}<span class="name">${say('product')}</span></a>
      ${pages.length > 1 ? html`<nav aria-label=${say('product')}>${pages.map((name) => html`<a href="/${name}"
        aria-current=${name === page ? 'page' : nothing}>${say(name)}</a>`)}</nav>` : nothing}
      <div class="grow"></div>${middle}${end}${staff.menu()}
    </header>`;
}
