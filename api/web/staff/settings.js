/**
 * What a member of staff has chosen for this browser: language, light or dark, send key, single keys, notices.
 *
 * @typedef {object} Settings
 * @property {'ja' | 'en'} locale
 * @property {'auto' | 'light' | 'dark'} theme
 * @property {import('../shared/ime.js').SendKey} sendKey
 * @property {boolean} keys single-key shortcuts outside of fields
 * @property {boolean} notify desktop notices (without sound) for newly queued chats
 */
import { openStore } from '../shared/outbox.js';
import { pickLocale } from '../shared/words.js';

const KEY = 'toritsugi:staff';
const store = openStore();

/** @returns {Settings} */
export function readSettings() {
  let kept = {};
  try {
    kept = JSON.parse(store.getItem(KEY) ?? '{}') ?? {};
  } catch {
    // damaged by hand: the defaults
  }
  return {
    locale: pickLocale(kept.locale),
    theme: ['light', 'dark'].includes(kept.theme) ? kept.theme : 'auto',
    sendKey: kept.sendKey === 'mod-enter' ? 'mod-enter' : 'enter',
    keys: kept.keys !== false,
    notify: kept.notify === true,
  };
}

/** @param {Settings} settings */
export function keepSettings(settings) {
  store.setItem(KEY, JSON.stringify(settings));
  wear(settings);
}

/** @param {Settings} settings shows them on the page itself */
export function wear(settings, doc = document) {
  doc.documentElement.lang = settings.locale;
  if (settings.theme === 'auto') delete doc.documentElement.dataset.theme;
  else doc.documentElement.dataset.theme = settings.theme;
}
