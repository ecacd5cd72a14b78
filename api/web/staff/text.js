/** Approved words where Markdown's marks would disturb: in a list, in an agent's field. Pure. */

/** @param {string} text @returns {string} the words of a Markdown answer as plain text */
export const bare = (text) =>
  text
    .replace(/\*\*(\S(?:[^\n]*?\S)?)\*\*/g, '$1')
    .replace(/`([^`\n]+)`/g, '$1')
    .replace(/\[([^\]\n]+)\]\((https?:[^()\s]+)\)/g, '$1 $2')
    .replace(/\[([^\]\n]+)\]\([^()\s]+\)/g, '$1')
    .replace(/^(\s*)[-*]\s+/gm, '$1・');

/** @param {string} text @returns {string} for a list */
export const firstLine = (text) => bare(text).split('\n').find((line) => line.trim()) ?? '';
