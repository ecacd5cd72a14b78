/** A period's figures as the page shows them. Pure. */

/** Kinds of decisions in the order of the page, and what the server calls their counts. */
const NAMES = { answer: 'answered', offer: 'offered', social: 'social', decline: 'declined', escalate: 'escalated' };
export const KINDS = Object.keys(NAMES);

/** @param {any} given figures of a period or a day @returns {Record<string, number>} by kind of decision */
export const byKind = (given) => Object.fromEntries(Object.entries(NAMES).map(([kind, name]) => [kind, given[name] ?? 0]));

/** @param {any} given of GET /statistics; what it leaves out is nothing @returns {any} */
export function figuresOf(given) {
  const decisions = byKind(given);
  return {
    from: given.from, to: given.to, conversations: given.conversations ?? 0, decisions,
    total: KINDS.reduce((sum, kind) => sum + decisions[kind], 0),
    helpful: given.helpful ?? 0,
    rated: (given.helpful ?? 0) + (given.unhelpful ?? 0),
    stars: given.ratings ?? { n: 0, mean: null },
    waits: given.wait_seconds ?? { n: 0, median: null },
    reasons: Object.entries(given.reasons ?? {}).sort((a, b) => Number(b[1]) - Number(a[1])),
    days: (given.days ?? []).map((/** @type {any} */ day) => ({ day: day.day, ...byKind(day) })),
  };
}
