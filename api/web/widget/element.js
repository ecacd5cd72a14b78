/**
 * <toritsugi-chat>: holds what only the screen knows (open, wide, what is typed), joins it with the session, and
 * draws both. Every change goes through `#changed`, which draws once a microtask.
 */
import { imeGuard } from '../shared/ime.js';
import { openStore } from '../shared/outbox.js';
import { pickLocale, words } from '../shared/words.js';
import { html, patch } from './dom.js';
import { LONGEST, standing, view } from './view.js';
import { Session } from './session.js';
import { sheet } from './sheet.js';
import { rows } from './timeline.js';

const SUGGEST_AFTER = 250;
/** A line that comes back sooner is not worth a word. */
const TROUBLE_AFTER = 3_000;
/** Rows drawn at once; earlier ones on demand. */
const PAGE = 120;
const SHEET = '(max-width: 600px)';
const FIELD = '.composer textarea';
const [browser, tab] = [openStore(), openStore('sessionStorage')];

export class ToritsugiChat extends HTMLElement {
  /** @type {Session} */ #session;
  #settings;
  #say;
  #root;
  #ime;
  #drawing = false;
  #stuck = true;
  #shownSeq = 0;
  #restored = false;
  /** @type {Record<string, any>} */ #timers = {};
  #suggesting = new AbortController();

  #state = {
    open: false, wide: false, menu: false, sheet: false, touch: false, below: false,
    troubled: false, unrated: false, length: 0, shown: PAGE, announced: '', notice: '',
    /** @type {number | null} */ score: null,
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
    this.#ime = imeGuard(this.#root);
    this.#session = new Session({
      base,
      locale,
      page: location.origin + location.pathname,
      customer: settings.customer,
      onChange: () => this.#changed(),
    });
  }

  connectedCallback() {
    if (this.#settings.theme) this.dataset.theme = this.#settings.theme;
    if (this.#settings.side) this.dataset.side = this.#settings.side;
    const screen = matchMedia(SHEET);
    const note = () => {
      this.#state.sheet = screen.matches;
      this.#state.touch = matchMedia('(pointer: coarse)').matches;
      this.#changed();
    };
    screen.addEventListener('change', note);
    note();
    globalThis.visualViewport?.addEventListener('resize', () => this.#fit());
    document.addEventListener('visibilitychange', () => this.#changed());
    if (tab.getItem('toritsugi:shown') || this.#settings.open !== undefined) this.#open(false);
    else if (this.#session.held?.conversation) void this.#session.open();
    this.#changed();
  }

  /** @param {string} selector @returns {any} */
  #at(selector) {
    return this.#root.querySelector(selector);
  }

  /** @param {string} selector */
  #focus(selector) {
    this.#at(selector)?.focus();
  }

  get #field() {
    return this.#at(FIELD);
  }

  /**
   * Opens the panel, as the launcher does; for a shop's own buttons.
   * @param {string} [text] put into the field, where that is empty
   */
  open(text) {
    if (text && !this.#session.draft) this.#session.draft = text;
    this.#open();
  }

  #open(focus = true) {
    this.#state.open = true;
    this.#stuck = true;
    tab.setItem('toritsugi:shown', 'yes');
    void this.#session.open();
    this.#draw();
    if (this.#field && !this.#field.value) this.#field.value = this.#session.draft;
    this.#measure();
    this.#fit();
    if (focus) this.#focus(this.#state.touch ? 'h2' : FIELD);
  }

  /** The on-screen keyboard covers a full-screen sheet: follow the part that can be seen. */
  #fit() {
    const seen = globalThis.visualViewport;
    if (seen) this.style.setProperty('--seen', `${seen.height}px`);
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
      patch(broken, html`<p class="banner alone" role="alert">${this.#say('broken')}</p>`);
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
      choose: (/** @type {any} */ event, /** @type {string} */ entry) => this.#try(session.act('choose', { seq: event.seq, entry })),
      helpful: (/** @type {number} */ seq, /** @type {boolean} */ helpful) => this.#try(session.act('feedback', { seq, helpful })),
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
    const log = this.#at('.log');
    if (log && this.#stuck) this.#toEnd(log);
    else if (log && chat.seq > this.#shownSeq) queueMicrotask(() => this.#set({ below: true }));
    this.#shownSeq = chat.seq;
    if (this.#state.open && !document.hidden) this.#session.read = chat.seq;
  }

  /** To the end, but never past the start of what was said last. @param {HTMLElement} log */
  #toEnd(log) {
    const last = /** @type {HTMLElement | undefined} */ ([...log.querySelectorAll('.turn')].at(-1));
    log.scrollTop = Math.min(log.scrollHeight, last && !last.matches('.shopper') ? last.offsetTop - 12 : Infinity);
  }

  /** @param {Partial<ToritsugiChat['state']>} change */
  #set(change) {
    Object.assign(this.#state, change);
    this.#changed();
  }

  get state() {
    return this.#state;
  }

  /** @param {Promise<any>} work a write that may be refused: say so for a while */
  #try(work) {
    return work.catch(() => {
      this.#set({ notice: this.#say('failedAct') });
      setTimeout(() => this.#set({ notice: '' }), 6_000);
    });
  }

  #measure() {
    const field = this.#field;
    if (!field) return;
    this.#set({ length: [...field.value.trim()].length });
    if (CSS.supports('field-sizing', 'content')) return;
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight}px`;
  }

  #clearField() {
    const field = this.#field;
    if (field) field.value = '';
    this.#session.draft = '';
    this.#unsuggest();
    this.#measure();
  }

  #unsuggest() {
    clearTimeout(this.#timers.suggest);
    this.#suggesting.abort();
    this.#set({ suggested: [] });
  }

  /** @param {string} text */
  #suggestFor(text) {
    clearTimeout(this.#timers.suggest);
    this.#suggesting.abort();
    const owner = this.#session.chat.owner;
    if ([...text].length < 2 || owner === 'agent' || owner === 'queue') return this.#unsuggest();
    this.#timers.suggest = setTimeout(async () => {
      const asked = (this.#suggesting = new AbortController());
      const suggested = await this.#session.suggest(text.slice(0, 200), asked.signal);
      if (!asked.signal.aborted) this.#set({ suggested: suggested.slice(0, 5) });
    }, SUGGEST_AFTER);
  }

  /** @param {string} text @returns {boolean} */
  #send(text) {
    const trimmed = text.trim();
    if (!trimmed || [...trimmed].length > LONGEST) return false;
    if (!this.#session.say(trimmed)) {
      this.#set({ notice: this.#say('tooMany') });
      return false;
    }
    this.#stuck = true;
    this.#set({ below: false, notice: '' });
    return true;
  }

  #actions = {
    open: () => this.#open(),
    close: () => {
      tab.removeItem('toritsugi:shown');
      this.#unsuggest();
      this.#set({ open: false, menu: false });
      this.#draw();
      this.#focus('.launcher');
    },
    widen: () => this.#set({ wide: !this.#state.wide }),
    menu: () => this.#set({ menu: !this.#state.menu }),
    retry: () => void this.#session.retry(),
    earlier: () => this.#set({ shown: this.#state.shown + PAGE }),
    handover: () => {
      this.#stuck = true;
      void this.#try(this.#session.act('handover'));
    },
    back: () => this.#try(this.#session.act('return')),
    language: () => void this.#speak(this.#session.locale === 'ja' ? 'en' : 'ja'),
    fresh: () => {
      this.#set({ menu: false, unrated: false, score: null });
      void this.#session.restart();
      this.#focus(FIELD);
    },
    end: () => {
      this.#stuck = true;
      this.#set({ menu: false, unrated: false, score: null });
      void this.#try(this.#session.act('close'));
      this.#focus('h2');
    },
    form: () => {
      const text = this.#field?.value.trim() || this.#lastWords();
      this.#set({ menu: false, form: { values: { text }, errors: {} }, suggested: [] });
      this.#draw();
      this.#focus('#f-email');
    },
    formClose: () => {
      this.#set({ form: null });
      this.#draw();
      this.#focus(FIELD);
    },
    formInput: (/** @type {any} */ event) => {
      if (this.#state.form) this.#state.form.values[event.target.name] = event.target.value;
    },
    leave: (/** @type {Event} */ event) => {
      event.preventDefault();
      void this.#leave();
    },
    score: (/** @type {number} */ score) => this.#set({ score }),
    unrate: () => this.#set({ unrated: true }),
    rate: (/** @type {any} */ event) => {
      event.preventDefault();
      const comment = event.target.elements.comment?.value.trim();
      if (!this.#state.score) return;
      void this.#try(this.#session.act('rating', { score: this.#state.score, ...(comment ? { comment } : {}) }));
      this.#focus('h2');
    },
    scrolled: (/** @type {any} */ event) => {
      const log = event.target;
      this.#stuck = log.scrollHeight - log.scrollTop - log.clientHeight < 60;
      if (this.#stuck && this.#state.below) this.#set({ below: false });
    },
    toLatest: () => {
      this.#stuck = true;
      this.#set({ below: false });
    },
    input: (/** @type {any} */ event) => {
      this.#session.draft = event.target.value;
      this.#measure();
      if (event.target.value.trim()) this.#session.typing();
      if (!event.isComposing) this.#suggestFor(event.target.value.trim());
    },
    fieldKey: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'ArrowUp' && this.#state.suggested.length && !this.#ime.composing(event)) {
        event.preventDefault();
        this.#focus('.suggestion:last-child');
      } else if (!this.#state.touch && this.#ime.sends(event)) {
        event.preventDefault();
        this.#submit();
      }
    },
    suggestionKey: (/** @type {any} */ event) => {
      const step = event.key === 'ArrowUp' ? 'previousElementSibling' : event.key === 'ArrowDown' && 'nextElementSibling';
      if (!step) return;
      event.preventDefault();
      const next = event.target[step];
      if (next?.matches('.suggestion')) next.focus();
      else this.#focus(FIELD);
    },
    take: (/** @type {{question: string}} */ { question }) => {
      if (this.#send(question)) this.#clearField();
      this.#focus(FIELD);
    },
    submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      this.#submit();
    },
    keydown: (/** @type {KeyboardEvent} */ event) => this.#panelKey(event),
  };

  /** @param {import('../shared/words.js').Locale} locale */
  async #speak(locale) {
    try {
      this.#say = await sayings(locale);
    } catch {
      return this.#set({ notice: this.#say('failed') });
    }
    this.#session.locale = locale;
    browser.setItem('toritsugi:locale', locale);
    this.#set({ menu: false });
    // a greeting in the other language, where nothing has been said yet
    const silent = !this.#session.chat.events.some((event) => event.from === 'shopper');
    if (silent && !this.#session.outbox.items.length) void this.#session.restart();
    this.#focus('.menu-button');
  }

  #submit() {
    const field = this.#field;
    if (field && this.#send(field.value)) this.#clearField();
    field?.focus();
  }

  /** The shopper's last words, to start the message form from. */
  #lastWords() {
    const { events } = this.#session.chat;
    return events.findLast((event) => event.type === 'message' && event.from === 'shopper')?.body.text ?? '';
  }

  async #leave() {
    if (!this.#state.form) return;
    const say = this.#say;
    const { email = '', name = '', text = '' } = this.#state.form.values;
    /** @type {Record<string, string>} */
    const errors = {};
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email.trim())) errors.email = say('emailBad');
    if (!text.trim()) errors.text = say('textBad');
    this.#state.form.errors = errors;
    this.#draw();
    if (Object.keys(errors).length) {
      this.#focus('[aria-invalid="true"]');
      return;
    }
    const body = { email: email.trim(), text: text.trim(), ...(name.trim() ? { name: name.trim() } : {}) };
    try {
      const sent = this.#session.act('contact', body);
      this.#changed();
      await sent;
      if (this.#field?.value.trim() === text.trim()) this.#clearField();
      this.#stuck = true;
      this.#actions.formClose();
    } catch (refused) {
      const field = /** @type {any} */ (refused).field;
      if (this.#state.form) this.#state.form.errors = field === 'email' ? { email: say('emailBad') } : { all: say('failedAct') };
      this.#changed();
    }
  }

  /** @param {KeyboardEvent} event */
  #panelKey(event) {
    if (event.key === 'Escape' && !this.#ime.composing(event)) {
      event.stopPropagation();
      if (this.#state.suggested.length) {
        this.#unsuggest();
        this.#focus(FIELD);
      } else if (this.#state.menu) {
        this.#set({ menu: false });
        this.#focus('.menu-button');
      } else if (this.#state.form) this.#actions.formClose();
      else this.#actions.close();
    } else if (event.key === 'Tab' && this.#state.sheet) this.#trap(event);
    // the Enter that confirms a conversion must not submit a form either
    else if (event.key === 'Enter' && event.target instanceof HTMLInputElement && this.#ime.composing(event)) event.preventDefault();
  }

  /** A full-screen sheet keeps the focus inside. @param {KeyboardEvent} event */
  #trap(event) {
    /** @type {NodeListOf<HTMLElement>} */
    const all = this.#root.querySelectorAll('button:enabled, a[href], input, textarea, [tabindex="0"]');
    const seen = [...all].filter((each) => each.checkVisibility());
    const [first, last] = [seen[0], seen.at(-1)];
    const here = this.#root.activeElement;
    if (!first || !last) return;
    if (event.shiftKey ? here === first : here === last) {
      event.preventDefault();
      (event.shiftKey ? last : first).focus();
    }
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
  const locale = pickLocale(browser.getItem('toritsugi:locale'), settings.locale, page, navigator.language);
  document.body.append(new ToritsugiChat(base, settings, locale, await sayings(locale)));
}
