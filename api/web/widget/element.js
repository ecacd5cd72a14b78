/**
 * <toritsugi-chat>: holds what only the screen knows (open, what is typed), joins it with the session, and
 * draws both. Every change goes through `#changed`, which draws once a microtask.
 */
import { openStore } from '../shared/outbox.js';
import { pickLocale, words } from '../shared/words.js';
import { PAGE, actions } from './actions.js';
import { html, patch } from './dom.js';
import { Session } from './session.js';
import { sheet } from './sheet.js';
import { rows } from './timeline.js';
import { standing, view } from './view.js';

/** A line that comes back sooner is not worth a word. */
const TROUBLE_AFTER = 3_000;
const SHEET = '(max-width: 600px)';
const SHOWN = 'toritsugi:shown';
const LOCALE = 'toritsugi:locale';
const [browser, tab] = [openStore(), openStore('sessionStorage')];

export class ToritsugiChat extends HTMLElement {
  /** @type {Session} */ #session;
  #settings;
  #say;
  #root;
  #actions;
  #drawing = false;
  #shownSeq = 0;
  #restored = false;
  /** @type {Record<string, any>} */ #timers = {};

  /** stuck: the log follows its end; below: something new lies below what is seen; score: 0 while none is chosen */
  #state = {
    open: false, menu: false, sheet: false, touch: false, stuck: true, below: false, troubled: false,
    unrated: false, length: 0, shown: PAGE, announced: '', notice: '', score: 0,
    /** @type {{entry: string, question: string}[]} */ suggested: [],
    /** @type {{values: Record<string, string>, errors: Record<string, string>} | null} */ form: null,
  };

  /**
   * @param {string} base of /v1/
   * @param {DOMStringMap} settings the script's data-…
   * @param {import('../shared/words.js').Locale} locale
   * @param {import('../shared/words.js').Say} say
   */
  constructor(base, settings, locale, say) {
    super();
    this.#settings = settings;
    this.#say = say;
    this.#root = this.attachShadow({ mode: 'open' });
    this.#root.adoptedStyleSheets = [sheet];
    this.#session = new Session({
      base,
      locale,
      page: location.origin + location.pathname,
      customer: settings.customer,
      onChange: () => this.#changed(),
    });
    this.#actions = actions({
      session: this.#session,
      state: this.#state,
      root: this.#root,
      say: (key, ...given) => this.#say(key, ...given),
      set: (change) => this.#set(change),
      draw: () => this.#draw(),
      speak: (next) => this.#speak(next),
      remember: (shown) => (shown ? tab.setItem(SHOWN, 'yes') : tab.removeItem(SHOWN)),
    });
  }

  connectedCallback() {
    const { theme, side, open } = this.#settings;
    if (theme) this.dataset.theme = theme;
    if (side) this.dataset.side = side;
    const screen = matchMedia(SHEET);
    const note = () => this.#set({ sheet: screen.matches, touch: matchMedia('(pointer: coarse)').matches });
    screen.addEventListener('change', note);
    note();
    // the on-screen keyboard covers a full-screen sheet: follow the part that can be seen
    const seen = globalThis.visualViewport;
    seen?.addEventListener('resize', () => this.style.setProperty('--seen', `${seen.height}px`));
    document.addEventListener('visibilitychange', () => this.#changed());
    if (tab.getItem(SHOWN) || open !== undefined) this.#actions.open(null);
    else if (this.#session.held?.conversation) void this.#session.open();
  }

  /**
   * Opens the panel, as the launcher does; for a shop's own buttons.
   * @param {string} [text] put into the field, where that is empty
   */
  open(text) {
    if (text && !this.#session.draft) this.#session.draft = text;
    this.#actions.open(true);
  }

  #changed() {
    if (this.#drawing) return;
    this.#drawing = true;
    queueMicrotask(() => this.#draw());
  }

  #draw() {
    this.#drawing = false;
    try {
      this.#watch();
      patch(this.#root, view(this.#context()));
      this.#settle();
    } catch (error) {
      console.error('toritsugi', error);
      const broken = document.createElement('div');
      patch(broken, html`<p class="banner" role="alert">${this.#say('broken')}</p>`);
      this.#root.replaceChildren(broken);
    }
  }

  #context() {
    const session = this.#session;
    const all = rows(session.chat.events, session.outbox.items);
    return {
      session, chat: session.chat, settings: this.#settings, state: this.#state, now: Date.now(),
      locale: session.locale, say: this.#say, actions: this.#actions,
      rows: all.slice(-this.#state.shown), hidden: all.length > this.#state.shown,
    };
  }

  /** Before drawing: announcements, trouble, and the moments at which to draw again without a change. */
  #watch() {
    const { chat, status, typingUntil, outbox } = this.#session;
    const say = this.#say;
    const fresh = chat.events.filter((event) => event.seq > this.#shownSeq);
    if (this.#restored && fresh.length) {
      const said = fresh.filter((event) => event.type === 'message' && event.from !== 'shopper');
      // what is said is read out; without words, who is on the other side now
      this.#state.announced = said.map((event) => `${event.name ?? ''} ${event.body.text ?? ''}`).join(' ') || standing({ chat, say });
    }
    if (chat.events.length) this.#restored = true;
    if (chat.seq < this.#shownSeq) this.#shownSeq = 0;

    if (!['connecting', 'waiting', 'offline', 'failed'].includes(status)) {
      clearTimeout(this.#timers.trouble);
      this.#timers.trouble = undefined;
      this.#state.troubled = false;
    } else this.#timers.trouble ??= setTimeout(() => this.#set({ troubled: true }), TROUBLE_AFTER);

    clearTimeout(this.#timers.tick);
    const soon = typingUntil > Date.now() || outbox.items.some((item) => item.state === 'sending');
    const wait = soon ? 1_000 : chat.owner === 'queue' ? 15_000 : 0;
    if (wait) this.#timers.tick = setTimeout(() => this.#changed(), wait);
  }

  /** After drawing: keep the reader's place, and remember what has been seen. */
  #settle() {
    const { chat } = this.#session;
    const log = /** @type {HTMLElement | null} */ (this.#root.querySelector('.log'));
    if (log && this.#state.stuck) this.#toEnd(log);
    else if (log && chat.seq > this.#shownSeq) queueMicrotask(() => this.#set({ below: true }));
    this.#shownSeq = chat.seq;
    if (this.#state.open && !document.hidden) this.#session.read = chat.seq;
  }

  /** To the end, but never past the start of what was said last. @param {HTMLElement} log */
  #toEnd(log) {
    const last = /** @type {HTMLElement | undefined} */ ([...log.querySelectorAll('.turn')].at(-1));
    log.scrollTop = Math.min(log.scrollHeight, last && !last.matches('.shopper') ? last.offsetTop - 12 : Infinity);
  }

  /** @param {any} change */
  #set(change) {
    Object.assign(this.#state, change);
    this.#changed();
  }

  /** @param {import('../shared/words.js').Locale} locale */
  async #speak(locale) {
    try {
      this.#say = await sayings(locale);
    } catch {
      return this.#set({ notice: this.#say('failed') });
    }
    const session = this.#session;
    session.locale = locale;
    browser.setItem(LOCALE, locale);
    // a greeting in the other language, where nothing has been said yet
    const silent = !session.chat.events.some((event) => event.from === 'shopper');
    if (silent && !session.outbox.items.length) void session.restart();
  }
}

/**
 * The words of one language; only that one is loaded.
 * @param {import('../shared/words.js').Locale} locale
 */
async function sayings(locale) {
  const table = await import(`./texts/${locale}.js`);
  return words(/** @type {any} */ ({ [locale]: table.default }), locale);
}

/**
 * Adds the widget to the page, once.
 * @param {string} base @param {DOMStringMap} settings
 */
export async function mount(base, settings) {
  if (customElements.get('toritsugi-chat')) return;
  customElements.define('toritsugi-chat', ToritsugiChat);
  const page = document.documentElement.lang;
  const locale = pickLocale(browser.getItem(LOCALE), settings.locale, page, navigator.language);
  document.body.append(new ToritsugiChat(base, settings, locale, await sayings(locale)));
}
