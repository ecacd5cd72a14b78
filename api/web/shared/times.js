/**
 * Times as people read them. Events carry UTC; a page shows the reader's own zone, or the shop's when given.
 *
 * @typedef {import('./words.js').Locale} Locale
 */

/** Making a formatter costs a hundred times a formatting. @type {Map<string, Intl.DateTimeFormat>} */
const formats = new Map();

/** @param {Locale} locale @param {string | undefined} timeZone @param {Intl.DateTimeFormatOptions} options */
function format(locale, timeZone, options) {
  const key = JSON.stringify([locale, timeZone, options]);
  let made = formats.get(key);
  if (!made) {
    made = new Intl.DateTimeFormat(locale === 'ja' ? 'ja-JP' : 'en-GB', { ...options, timeZone });
    formats.set(key, made);
  }
  return made;
}

/** @param {string} at ISO @param {Locale} locale @param {string} [timeZone] @returns {string} 14:05 */
export const clock = (at, locale, timeZone) =>
  format(locale, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(new Date(at));

/** @param {string | number} at @param {string} [timeZone] @returns {string} 2026-07-01: equal for equal days */
export const dayKey = (at, timeZone) =>
  // en-GB writes 01/07/2026
  format('en', timeZone, { year: 'numeric', month: '2-digit', day: '2-digit' })
    .format(new Date(at)).split('/').reverse().join('-');

/**
 * @param {string} at ISO @param {Locale} locale @param {number} now milliseconds @param {string} [timeZone]
 * @returns {string} 今日, 昨日, 7月1日(水), or with the year when it is another one
 */
export function day(at, locale, now, timeZone) {
  const key = dayKey(at, timeZone);
  if (key === dayKey(now, timeZone)) return locale === 'ja' ? '今日' : 'Today';
  if (key === dayKey(now - 86_400_000, timeZone)) return locale === 'ja' ? '昨日' : 'Yesterday';
  const year = key.slice(0, 4) === dayKey(now, timeZone).slice(0, 4) ? undefined : 'numeric';
  return format(locale, timeZone, { year, month: locale === 'ja' ? 'long' : 'short', day: 'numeric', weekday: 'short' })
    .format(new Date(at));
}

/** @param {number} seconds @param {Locale} locale @returns {string} 40秒, 3分, 1時間20分 */
export function span(seconds, locale) {
  const ja = locale === 'ja';
  if (seconds < 60) return ja ? `${Math.round(seconds)}秒` : `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return ja ? `${minutes}分` : `${minutes} min`;
  const [hours, rest] = [Math.floor(minutes / 60), minutes % 60];
  if (ja) return rest ? `${hours}時間${rest}分` : `${hours}時間`;
  return rest ? `${hours} h ${rest} min` : `${hours} h`;
}

/**
 * @param {{low: number, high: number} | null} wait in seconds @param {Locale} locale
 * @returns {string | null} 1〜3分; null when there is no estimate
 */
export function waitRange(wait, locale) {
  if (!wait || !Number.isFinite(wait.low) || !Number.isFinite(wait.high)) return null;
  if (wait.high <= 60) return locale === 'ja' ? '1分以内' : 'under a minute';
  const low = Math.floor(wait.low / 60);
  const high = Math.max(Math.ceil(wait.high / 60), low + 1);
  if (low < 1) return locale === 'ja' ? `${high}分以内` : `under ${high} min`;
  return locale === 'ja' ? `${low}〜${high}分` : `${low}–${high} min`;
}
