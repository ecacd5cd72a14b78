/**
 * What the pages say, in Japanese and English: a table a language, a key a saying. A saying is a text or a
 * function of what it needs.
 *
 * @typedef {'ja' | 'en'} Locale
 * @typedef {Record<string, string | ((...given: any[]) => string)>} Table
 * @typedef {(key: string, ...given: any[]) => string} Say
 */

/**
 * @param {Partial<Record<Locale, Table>>} tables
 * @param {Locale} locale
 * @returns {Say} a key without a saying comes back as it is, so that a gap is seen and nothing breaks
 */
export function words(tables, locale) {
  return (key, ...given) => {
    const saying = tables[locale]?.[key] ?? tables.ja?.[key] ?? key;
    return typeof saying === 'function' ? saying(...given) : saying;
  };
}

/**
 * @param {...(string | null | undefined)} wishes language tags, the strongest first
 * @returns {Locale} the first that is Japanese or English; Japanese when none is
 */
export function pickLocale(...wishes) {
  for (const wish of wishes) {
    const language = wish?.trim().toLowerCase().split(/[-_]/)[0];
    if (language === 'ja' || language === 'en') return language;
  }
  return 'ja';
}
