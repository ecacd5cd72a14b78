/**
 * Markdown as answers use it, by allow-list: paragraphs, line breaks, lists, **strong**, `code`,
 * [links](https://… or /path) and bare http(s) addresses. Everything else stays the text that it is; no HTML is
 * ever interpreted. Unlike CommonMark, **「返品」**は is bold: Japanese puts no spaces around its words.
 *
 * Parsing is pure (`parse`), so it is tested without a browser; `toDom` makes the nodes.
 *
 * @typedef {{kind: 'text', text: string} | {kind: 'break'} | {kind: 'code', text: string}
 *   | {kind: 'strong', inside: Inline[]} | {kind: 'link', href: string, inside: Inline[]}} Inline
 * @typedef {{kind: 'paragraph', inside: Inline[]} | {kind: 'list', ordered: boolean, start: number, items: Inline[][]}} Block
 */

const BULLET = /^ {0,3}(?:[-*+]\s+|・\s*)(.*)$/;
const NUMBER = /^ {0,3}(\d{1,9})[.)．]\s+(.*)$/;
/** Nesting deeper than this stays text, so that no input costs more than its length. */
const DEEPEST = 4;

/**
 * @param {string} href
 * @returns {string | null} the address when it is http(s) or relative to the page, else null
 */
export function safeHref(href) {
  const trimmed = href.trim();
  if (/[\u0000-\u0020\u007f\\]/.test(trimmed) || trimmed === '') return null;
  if (/^https?:\/\//i.test(trimmed)) return URL.canParse(trimmed) ? trimmed : null;
  if (/^\/\//.test(trimmed) || /^[^/?#]*:/.test(trimmed)) return null;
  return /^(?:\/|\.\.?\/|[?#])/.test(trimmed) ? trimmed : null;
}

/** @param {string} text @returns {Block[]} */
export function parse(text) {
  /** @type {Block[]} */
  const blocks = [];
  /** @type {string[]} */
  let lines = [];
  const flush = () => {
    if (lines.length) blocks.push({ kind: 'paragraph', inside: inline(lines.join('\n')) });
    lines = [];
  };
  for (const line of text.replace(/\r\n?/g, '\n').split('\n')) {
    const bullet = BULLET.exec(line);
    const number = bullet ? null : NUMBER.exec(line);
    if (bullet || number) {
      flush();
      const last = blocks.at(-1);
      const ordered = !bullet;
      const item = inline(/** @type {RegExpExecArray} */ (bullet ?? number).at(-1) ?? '');
      if (last?.kind === 'list' && last.ordered === ordered) last.items.push(item);
      else blocks.push({ kind: 'list', ordered, start: number ? Number(number[1]) : 1, items: [item] });
    } else if (line.trim() === '') flush();
    else lines.push(line);
  }
  flush();
  return blocks;
}

const MARK = /`([^`\n]+)`|\*\*(?=\S)([^\n]+?)(?<=\S)\*\*|\[([^\]\n]{1,500})\]\(([^()\s]{1,2000})\)|(https?:\/\/[!-~]+)|\n/g;
/** What ends a sentence and not an address. */
const TAIL = /[.,;:!?'")\]}>]+$/;

/** @param {string} text @param {number} [depth] @returns {Inline[]} */
export function inline(text, depth = 0) {
  /** @type {Inline[]} */
  const out = [];
  /** @param {string} piece */
  const say = (piece) => {
    const last = out.at(-1);
    if (last?.kind === 'text') last.text += piece;
    else if (piece) out.push({ kind: 'text', text: piece });
  };
  let at = 0;
  for (const match of text.matchAll(MARK)) {
    const [whole, code, strong, label, target, bare] = match;
    say(text.slice(at, match.index));
    at = match.index + whole.length;
    if (whole === '\n') out.push({ kind: 'break' });
    else if (code !== undefined) out.push({ kind: 'code', text: code });
    else if (depth >= DEEPEST) say(whole);
    else if (strong !== undefined) out.push({ kind: 'strong', inside: inline(strong, depth + 1) });
    else if (bare !== undefined) {
      const address = bare.replace(TAIL, '');
      const href = safeHref(address);
      if (href) out.push({ kind: 'link', href, inside: [{ kind: 'text', text: address }] });
      else say(address);
      say(bare.slice(address.length));
    } else {
      const href = safeHref(target);
      if (href) out.push({ kind: 'link', href, inside: inline(label, DEEPEST) });
      else say(whole);
    }
  }
  say(text.slice(at));
  return out;
}

/**
 * Text as a person typed it: nothing but line breaks and bare http(s) addresses.
 * @param {string} text @returns {Block[]}
 */
export function plain(text) {
  /** @type {Inline[]} */
  const inside = [];
  for (const piece of text.split(/(https?:\/\/[!-~]+)/)) {
    const address = piece.startsWith('http') ? piece.replace(TAIL, '') : '';
    const href = address ? safeHref(address) : null;
    if (href) inside.push({ kind: 'link', href, inside: [{ kind: 'text', text: address }] });
    const rest = href ? piece.slice(address.length) : piece;
    if (rest) inside.push({ kind: 'text', text: rest });
  }
  return [{ kind: 'paragraph', inside }];
}

/**
 * @param {Block[]} blocks
 * @param {Document} [doc]
 * @returns {HTMLElement} a `div.md`; links to other sites open in a new tab and carry no referrer
 */
export function toDom(blocks, doc = document) {
  const root = doc.createElement('div');
  root.className = 'md';
  for (const block of blocks) {
    if (block.kind === 'paragraph') root.append(element(doc, 'p', block.inside));
    else {
      const list = doc.createElement(block.ordered ? 'ol' : 'ul');
      if (block.ordered && block.start !== 1) list.setAttribute('start', String(block.start));
      for (const item of block.items) list.append(element(doc, 'li', item));
      root.append(list);
    }
  }
  return root;
}

/** @param {Document} doc @param {string} name @param {Inline[]} inside */
function element(doc, name, inside) {
  const node = doc.createElement(name);
  for (const part of inside) node.append(nodeOf(doc, part));
  return node;
}

/** @param {Document} doc @param {Inline} part @returns {Node} */
function nodeOf(doc, part) {
  if (part.kind === 'text') return doc.createTextNode(part.text);
  if (part.kind === 'break') return doc.createElement('br');
  if (part.kind === 'code') return element(doc, 'code', [{ kind: 'text', text: part.text }]);
  if (part.kind !== 'link') return element(doc, part.kind, part.inside);
  const link = element(doc, 'a', part.inside);
  link.setAttribute('href', part.href);
  if (/^https?:/i.test(part.href)) {
    link.setAttribute('target', '_blank');
    link.setAttribute('rel', 'noopener noreferrer nofollow');
  }
  return link;
}
