/**
 * What the buttons, the field and the keys do. Each changes the screen's state or writes through the session;
 * drawing follows by itself.
 *
 * @typedef {object} Host  what the element lends
 * @property {import('./session.js').Session} session
 * @property {any} state what only the screen knows
 * @property {ShadowRoot} root
 * @property {import('../shared/words.js').Say} say in the language of the moment
 * @property {(change: any) => void} set changes the state, and draws soon
 * @property {() => void} draw draws at once, for what is to get the focus
 * @property {(locale: 'ja' | 'en') => Promise<void>} speak changes the language
 * @property {(shown: boolean) => void} remember whether the panel is open, over a reload
 */
import { manned } from '../shared/fold.js';
import { imeGuard } from '../shared/ime.js';

/** The longest text that the server takes, in code points. */
export const LONGEST = 4000;
/** Rows drawn at once; earlier ones on demand. */
export const PAGE = 120;
const SUGGEST_AFTER = 250;
const NOTICE_FOR = 6_000;
const FIELD = '.composer textarea';

/** @param {Host} host */
export function actions(host) {
  const { session, state, root, set } = host;
  const ime = imeGuard(root);
  let asking = new AbortController();
  /** @type {ReturnType<typeof setTimeout>} */
  let pause;

  /** @param {string} selector @returns {any} */
  const at = (selector) => root.querySelector(selector);
  /** @param {string} selector */
  const focus = (selector) => at(selector)?.focus();
  const toField = () => focus(FIELD);

  /** @param {string} action @param {any} [body] a write that may be refused: say so for a while */
  const act = (action, body) =>
    session.act(/** @type {any} */ (action), body).catch(() => {
      set({ notice: host.say('failedAct') });
      setTimeout(() => set({ notice: '' }), NOTICE_FOR);
    });

  const measure = () => {
    const field = at(FIELD);
    if (!field) return;
    set({ length: [...field.value.trim()].length });
    if (CSS.supports('field-sizing', 'content')) return;
    field.style.height = 'auto';
    field.style.height = `${field.scrollHeight}px`;
  };

  const unsuggest = () => {
    clearTimeout(pause);
    asking.abort();
    set({ suggested: [] });
  };

  /** @param {string} text */
  const suggest = (text) => {
    clearTimeout(pause);
    asking.abort();
    if ([...text].length < 2 || manned(session.chat)) return unsuggest();
    pause = setTimeout(async () => {
      const mine = (asking = new AbortController());
      const suggested = await session.suggest(text.slice(0, 200), mine.signal);
      if (!mine.signal.aborted) set({ suggested: suggested.slice(0, 5) });
    }, SUGGEST_AFTER);
  };

  const clear = () => {
    const field = at(FIELD);
    if (field) field.value = '';
    session.draft = '';
    unsuggest();
    measure();
  };

  /** @param {string} text */
  const say = (text) => {
    const words = text.trim();
    if (words && [...words].length <= LONGEST) {
      if (session.say(words)) {
        set({ stuck: true, below: false, notice: '' });
        clear();
      } else set({ notice: host.say('tooMany') });
    }
    toField();
  };

  const leave = async () => {
    const { values } = state.form;
    const [email, name, text] = ['email', 'name', 'text'].map((field) => (values[field] ?? '').trim());
    /** @type {Record<string, string>} */
    const errors = {};
    if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) errors.email = host.say('emailBad');
    if (!text) errors.text = host.say('textBad');
    set({ form: { values, errors } });
    host.draw();
    if (errors.email || errors.text) return focus('[aria-invalid="true"]');
    try {
      await session.act('contact', { email, text, ...(name ? { name } : {}) });
      if (at(FIELD)?.value.trim() === text) clear();
      set({ stuck: true });
      table.formClose();
    } catch (/** @type {any} */ refused) {
      const about = refused.field === 'email' ? { email: host.say('emailBad') } : { all: host.say('failedAct') };
      if (state.form) set({ form: { values, errors: about } });
    }
  };

  /** A full-screen sheet keeps the focus inside. @param {KeyboardEvent} event */
  const trap = (event) => {
    /** @type {NodeListOf<HTMLElement>} */
    const all = root.querySelectorAll('button:enabled, a[href], input, textarea, [tabindex="0"]');
    const seen = [...all].filter((each) => each.checkVisibility());
    const [from, to] = event.shiftKey ? [seen[0], seen.at(-1)] : [seen.at(-1), seen[0]];
    if (root.activeElement !== from) return;
    event.preventDefault();
    to?.focus();
  };

  /** One step back: the suggestions, the menu, the form, the panel. */
  const escape = () => {
    if (state.suggested.length) {
      unsuggest();
      toField();
    } else if (state.menu) {
      set({ menu: false });
      focus('.menu-button');
    } else if (state.form) table.formClose();
    else table.close();
  };

  const table = {
    open: (/** @type {any} */ event) => {
      set({ open: true, stuck: true });
      host.remember(true);
      void session.open();
      host.draw();
      const field = at(FIELD);
      if (!field.value) field.value = session.draft;
      measure();
      if (event) focus(state.touch ? 'h2' : FIELD);
    },
    close: () => {
      host.remember(false);
      unsuggest();
      set({ open: false, menu: false });
      host.draw();
      focus('.launcher');
    },
    menu: () => set({ menu: !state.menu }),
    retry: () => void session.retry(),
    earlier: () => set({ shown: state.shown + PAGE }),
    choose: (/** @type {number} */ seq, /** @type {string} */ entry) => act('choose', { seq, entry }),
    helpful: (/** @type {number} */ seq, /** @type {boolean} */ helpful) => act('feedback', { seq, helpful }),
    back: () => act('return'),
    handover: () => {
      set({ stuck: true });
      void act('handover');
    },
    language: async () => {
      await host.speak(session.locale === 'ja' ? 'en' : 'ja');
      set({ menu: false });
      focus('.menu-button');
    },
    fresh: () => {
      set({ menu: false, unrated: false, score: 0 });
      void session.restart();
      toField();
    },
    end: () => {
      set({ stuck: true, menu: false, unrated: false, score: 0 });
      void act('close');
      focus('h2');
    },
    form: () => {
      const { events } = session.chat;
      const last = events.findLast((event) => event.type === 'message' && event.from === 'shopper');
      const text = at(FIELD)?.value.trim() || (last?.body.text ?? '');
      set({ menu: false, form: { values: { text }, errors: {} }, suggested: [] });
      host.draw();
      focus('#f-email');
    },
    formClose: () => {
      set({ form: null });
      host.draw();
      toField();
    },
    formInput: (/** @type {any} */ { target }) => {
      state.form.values[target.name] = target.value;
    },
    leave: (/** @type {Event} */ event) => {
      event.preventDefault();
      void leave();
    },
    score: (/** @type {number} */ score) => set({ score }),
    unrate: () => set({ unrated: true }),
    rate: (/** @type {any} */ event) => {
      event.preventDefault();
      const comment = event.target.elements.comment?.value.trim();
      void act('rating', { score: state.score, ...(comment ? { comment } : {}) });
      focus('h2');
    },
    scrolled: (/** @type {any} */ { target }) => {
      state.stuck = target.scrollHeight - target.scrollTop - target.clientHeight < 60;
      if (state.stuck && state.below) set({ below: false });
    },
    toLatest: () => set({ stuck: true, below: false }),
    input: (/** @type {any} */ { target, isComposing }) => {
      session.draft = target.value;
      measure();
      const text = target.value.trim();
      if (text) session.typing();
      if (!isComposing) suggest(text);
    },
    fieldKey: (/** @type {KeyboardEvent} */ event) => {
      if (event.key === 'ArrowUp' && state.suggested.length && !ime.composing(event)) {
        event.preventDefault();
        focus('.suggestion:last-child');
      } else if (!state.touch && ime.sends(event)) table.submit(event);
    },
    suggestionKey: (/** @type {any} */ event) => {
      const up = event.key === 'ArrowUp';
      if (!up && event.key !== 'ArrowDown') return;
      event.preventDefault();
      const next = event.target[up ? 'previousElementSibling' : 'nextElementSibling'];
      if (next?.matches('.suggestion')) next.focus();
      else toField();
    },
    take: (/** @type {string} */ question) => say(question),
    submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      say(at(FIELD).value);
    },
    keydown: (/** @type {any} */ event) => {
      const composing = ime.composing(event);
      if (event.key === 'Escape' && !composing) {
        event.stopPropagation();
        escape();
      } else if (event.key === 'Tab' && state.sheet) trap(event);
      // the Enter that confirms a conversion must not submit a form either
      else if (event.key === 'Enter' && composing && event.target.matches('input')) event.preventDefault();
    },
  };
  return table;
}
