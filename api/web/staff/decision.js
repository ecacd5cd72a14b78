/**
 * A decision of the bot in words that staff can check at a glance.
 *
 * @typedef {object} Decision  as the contract has it
 * @typedef {(key: string, ...given: any[]) => string} Say
 */
import { html, nothing, svg } from '../vendor/lit-html.js';
import { matched } from './diff.js';

export const SIDES = ['question_words', 'answer_words', 'characters', 'readings', 'question_vector', 'answer_vector', 'joint'];

/** @param {number} share 0…1 @param {string} [tone] good, warn, bad */
export const bar = (share, tone = '') => html`<svg class="bar ${tone}" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
  ${svg`<rect height="6" width=${Math.round(Math.max(0, Math.min(1, share || 0)) * 1000) / 10}></rect>`}</svg>`;

/** @param {number} confidence */
export const sureness = (confidence) => (confidence >= 0.8 ? 'high' : confidence >= 0.5 ? 'middle' : 'low');
const TONES = { high: 'good', middle: 'warn', low: 'bad' };
export const MOOD_TONE = { calm: '', upset: 'warn', furious: 'bad' };
export const KIND_TONE = { answer: 'good', offer: 'accent', decline: 'warn', escalate: 'bad', social: '' };

/** @param {any} decision @param {Say} say @param {(id: string) => string} nameOf an entry's question */
export function saidInWords(decision, say, nameOf) {
  if (decision.kind === 'answer' && decision.entry) return say('said_answer', nameOf(decision.entry));
  if (decision.kind === 'offer') return say('said_offer', decision.offers?.length ?? 0);
  return say(`said_${decision.kind}`);
}

/** @param {number} confidence @param {Say} say */
export const confidenceMeter = (confidence, say) => {
  const level = sureness(confidence);
  const percent = Math.round((confidence ?? 0) * 100);
  return html`<div class="meter">
    <div class="row"><span class="quiet small">${say('confidence')}</span>
      <strong class="num">${percent}%</strong><span class="badge slim ${TONES[level]}">${say(`sure_${level}`)}</span></div>
    <div role="img" aria-label=${say('confidence_text', percent)}>${bar(confidence, TONES[level])}</div>
  </div>`;
};

/** Mood, wish and topic with the words that show them. @param {any} decision @param {Say} say */
export function signals(decision, say) {
  const { mood, wish, topic } = decision;
  return html`<dl class="signals">
    ${mood ? html`<div><dt>${say('mood')}</dt><dd><span class="badge slim ${MOOD_TONE[mood.label] ?? ''}">${say(mood.label)}</span>
      ${mood.evidence ? html`<q>${mood.evidence}</q>` : nothing}</dd></div>` : nothing}
    ${wish ? html`<div><dt>${say('wish')}</dt><dd>${wish.human
      ? html`<span class="badge slim accent">${say('wish_yes')}</span> ${wish.evidence ? html`<q>${wish.evidence}</q>` : nothing}`
      : html`<span class="quiet">${say('wish_no')}</span>`}</dd></div>` : nothing}
    ${topic ? html`<div><dt>${say('topic')}</dt><dd><span class="badge slim bad">${topicName(topic, say)}</span></dd></div>` : nothing}
  </dl>`;
}

/** @param {string} topic @param {Say} say */
export const topicName = (topic, say) => {
  const key = `topic_${topic}`;
  const text = say(key);
  return text === key ? topic : text;
};

/** @param {any} decision @param {Say} say */
export const reasons = (decision, say) =>
  decision.reasons?.length
    ? html`<div class="why"><h4>${say('reasons')}</h4>
        <ul>${decision.reasons.map((/** @type {any} */ reason) => html`<li title=${reason.code}>${reason.text || reason.code}</li>`)}</ul></div>`
    : nothing;

/** What stands in both, marked. @param {string} text @param {string} query */
export const marked = (text, query) =>
  query ? matched(text, query).map((part) => (part.hit ? html`<mark>${part.text}</mark>` : part.text)) : text;

/**
 * Hits with each side's part: columns are the sides that any hit has, bars relative to the best of the column.
 * @param {any[]} hits @param {Say} say @param {(id: string) => string} nameOf @param {string} [query] marks what matched
 */
export function partsTable(hits, say, nameOf, query = '') {
  const sides = SIDES.filter((side) => hits.some((hit) => hit.parts?.[side] !== undefined));
  const top = Object.fromEntries(sides.map((side) => [side, Math.max(...hits.map((hit) => hit.parts?.[side] ?? 0), 1e-9)]));
  return html`<div class="parts" tabindex="0" role="region" aria-label=${say('candidates')}><table>
    <thead><tr><th scope="col">${say('candidates')}</th><th scope="col" class="num">${say('score')}</th>
      ${sides.map((side) => html`<th scope="col">${say(side)}</th>`)}</tr></thead>
    <tbody>${hits.map((hit) => html`<tr>
      <th scope="row"><a href="/studio#/entries/${encodeURIComponent(hit.entry)}">${marked(nameOf(hit.entry), query)}</a></th>
      <td class="num">${format(hit.score)}</td>
      ${sides.map((side) => {
        const part = hit.parts?.[side];
        return part === undefined
          ? html`<td class="none"><span class="quiet">–</span></td>`
          : html`<td><span class="num tiny">${format(part)}</span>${bar(part / top[side])}</td>`;
      })}
    </tr>`)}</tbody>
  </table></div>`;
}

const format = (/** @type {number} */ value) => (Number.isFinite(value) ? value.toFixed(2) : '–');
