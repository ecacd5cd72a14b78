/**
 * Two texts, and what changed: pieces that stay, go and come. By words, so that Japanese differences read as a
 * person would mark them (Intl.Segmenter; by character where it is missing).
 *
 * @typedef {{kind: 'same' | 'gone' | 'new', text: string}} Piece
 */

/** Beyond this product of lengths the table would be slow: the middle is then one replacement. */
const MOST = 1_000_000;

/** Longer texts are compared by sentences: finding words in them takes seconds. */
const LONG = 4000;

/** @param {string} text @param {boolean} [long] @returns {string[]} */
export function pieces(text, long = text.length > LONG) {
  if (long) return text.split(/(?<=[。！？\n])/);
  if (typeof Intl === 'undefined' || !Intl.Segmenter) return [...text];
  return [...new Intl.Segmenter('ja', { granularity: 'word' }).segment(text)].map((part) => part.segment);
}

/** @param {string} before @param {string} after @returns {Piece[]} joined, in reading order */
export function diff(before, after) {
  const long = before.length + after.length > LONG;
  const a = pieces(before, long);
  const b = pieces(after, long);
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head += 1;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail += 1;
  /** @type {Piece[]} */
  const out = [];
  /** @param {Piece['kind']} kind @param {string} text */
  const say = (kind, text) => {
    if (!text) return;
    const last = out.at(-1);
    if (last?.kind === kind) last.text += text;
    else out.push({ kind, text });
  };
  say('same', a.slice(0, head).join(''));
  middle(a.slice(head, a.length - tail), b.slice(head, b.length - tail), say);
  say('same', tail ? a.slice(-tail).join('') : '');
  return out;
}

/** Longest common subsequence. @param {string[]} a @param {string[]} b @param {(kind: Piece['kind'], text: string) => void} say */
function middle(a, b, say) {
  if (a.length * b.length > MOST) {
    say('gone', a.join(''));
    say('new', b.join(''));
    return;
  }
  const width = b.length + 1;
  const table = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) {
      table[i * width + j] =
        a[i] === b[j] ? table[(i + 1) * width + j + 1] + 1 : Math.max(table[(i + 1) * width + j], table[i * width + j + 1]);
    }
  }
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      say('same', a[i]);
      i += 1;
      j += 1;
    } else if (i < a.length && (j === b.length || table[(i + 1) * width + j] >= table[i * width + j + 1])) {
      say('gone', a[i]);
      i += 1;
    } else {
      say('new', b[j]);
      j += 1;
    }
  }
}

/**
 * Runs of nothing but hiragana (ですか, ます) say nothing, unless the whole query is kana: they are not marked.
 * @param {string[]} chars @param {boolean[]} hit @param {boolean} kana
 */
function telling(chars, hit, kana) {
  for (let from = 0; from < hit.length; from += 1) {
    if (!hit[from]) continue;
    let to = from;
    while (hit[to]) to += 1;
    const run = chars.slice(from, to).join('');
    if ((run.length < 4 || !kana) && /^[ぁ-んー]+$/.test(run)) hit.fill(false, from, to);
    from = to;
  }
}

/**
 * Which characters of `text` also stand in `query` as runs of two or more, for marking what matched.
 * @param {string} text @param {string} query
 * @returns {{text: string, hit: boolean}[]}
 */
export function matched(text, query) {
  const fold = (/** @type {string} */ given) =>
    given.normalize('NFKC').toLowerCase().replace(/[ァ-ヶ]/g, (kana) => String.fromCharCode(kana.charCodeAt(0) - 0x60));
  const chars = [...text];
  const folded = chars.map((char) => fold(char) || ' ');
  const wanted = fold(query);
  const hit = new Array(chars.length).fill(false);
  for (let i = 0; i + 1 < chars.length; i += 1) {
    const pair = folded[i] + folded[i + 1];
    if (wanted.includes(pair) && !/[\s、。？！?!,.]/u.test(pair)) hit[i] = hit[i + 1] = true;
  }
  telling(chars, hit, !/[\p{sc=Han}A-Za-z0-9ァ-ヶ]/u.test(query));
  /** @type {{text: string, hit: boolean}[]} */
  const out = [];
  chars.forEach((char, i) => {
    const last = out.at(-1);
    if (last && last.hit === hit[i]) last.text += char;
    else out.push({ text: char, hit: hit[i] });
  });
  return out;
}
