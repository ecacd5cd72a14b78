/**
 * What an entry is made of, as the editor holds it, and what two of them differ in. Pure.
 *
 * @typedef {object} Fields
 * @property {string} question
 * @property {string} answer
 * @property {string[]} variants
 * @property {string} category
 * @property {string[]} tags
 * @property {string} valid_from ISO date or empty
 * @property {string} valid_until
 * @property {string} en_question
 * @property {string} en_answer
 */

export const NAMES = /** @type {const} */ ([
  'question', 'variants', 'answer', 'category', 'tags', 'valid_from', 'valid_until', 'en_question', 'en_answer',
]);

/** @param {any} item as the server has it @returns {Fields} */
export const fieldsOf = (item) => ({
  question: item?.question ?? '',
  answer: item?.answer ?? '',
  variants: [...(item?.variants ?? [])],
  category: item?.category ?? '',
  tags: [...(item?.tags ?? [])],
  valid_from: item?.valid_from ?? '',
  valid_until: item?.valid_until ?? '',
  en_question: item?.translations?.en?.question ?? '',
  en_answer: item?.translations?.en?.answer ?? '',
});

/** @param {Fields} fields @param {any} [item] whose other translations stay @returns {any} a request's body */
export function bodyOf(fields, item) {
  const { en: _, ...others } = item?.translations ?? {};
  const translations = fields.en_question.trim() && fields.en_answer.trim()
    ? { ...others, en: { question: fields.en_question.trim(), answer: fields.en_answer.trim() } }
    : others;
  return {
    question: fields.question.trim(), answer: fields.answer.trim(), variants: fields.variants, tags: fields.tags, translations,
    ...(fields.category.trim() ? { category: fields.category.trim() } : {}),
    ...(fields.valid_from ? { valid_from: fields.valid_from } : {}),
    ...(fields.valid_until ? { valid_until: fields.valid_until } : {}),
  };
}

/** @param {any} value @returns {string} a field as text, to compare and to show */
export const textOf = (value) => (Array.isArray(value) ? value.join('\n') : (value ?? ''));

/** @param {Fields} a @param {Fields} b @returns {string[]} the fields in which they differ */
export const changedIn = (a, b) => NAMES.filter((name) => textOf(a[name]).trim() !== textOf(b[name]).trim());

/**
 * Two people changed the same entry: what differs, and whose to take unless somebody chooses.
 * @param {Fields} base what both started from @param {Fields} mine @param {Fields} theirs
 * @returns {{name: string, take: 'mine' | 'theirs', both: boolean}[]} both: changed by both
 */
export function conflicts(base, mine, theirs) {
  const here = new Set(changedIn(base, mine));
  const there = new Set(changedIn(base, theirs));
  return changedIn(mine, theirs).map((name) => ({ name, take: here.has(name) ? 'mine' : 'theirs', both: here.has(name) && there.has(name) }));
}

/** @param {Fields} mine @param {Fields} theirs @param {{name: string, take: string}[]} choices @returns {Fields} */
export function merged(mine, theirs, choices) {
  const out = { ...mine };
  for (const { name, take } of choices) if (take === 'theirs') /** @type {any} */ (out)[name] = /** @type {any} */ (theirs)[name];
  return out;
}

/** @param {Fields} fields @returns {Record<string, string>} field → key of what is wrong */
export function wrongIn(fields) {
  /** @type {Record<string, string>} */
  const wrong = {};
  if (!fields.question.trim()) wrong.question = 'need_question';
  if (!fields.answer.trim()) wrong.answer = 'need_answer';
  if (fields.valid_from && fields.valid_until && fields.valid_from > fields.valid_until) wrong.valid_until = 'dates_crossed';
  if (Boolean(fields.en_question.trim()) !== Boolean(fields.en_answer.trim())) wrong[fields.en_question.trim() ? 'en_answer' : 'en_question'] = 'need_both_en';
  return wrong;
}

/** @param {any} item @returns {'draft' | 'live' | 'changed' | 'deleted'} */
export const stateOf = (item) => (item.state === 'draft' && item.live_revision ? 'changed' : item.state);

export const STATE_TONE = { draft: 'warn', live: 'good', changed: 'accent', deleted: 'bad' };

/** @param {any} item @param {string} today ISO date @returns {'later' | 'over' | 'ends' | null} */
export function validity(item, today) {
  if (item.valid_from && item.valid_from > today) return 'later';
  if (item.valid_until && item.valid_until < today) return 'over';
  return item.valid_until ? 'ends' : null;
}
