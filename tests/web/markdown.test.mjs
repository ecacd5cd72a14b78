import assert from 'node:assert/strict';
import { test } from 'node:test';
import { inline, parse, plain, safeHref } from '../../api/web/shared/markdown.js';

const flat = (parts) => parts.map((part) => (part.kind === 'text' ? part.text : part.kind === 'break' ? '\n' : `<${part.kind}${part.href ? ` ${part.href}` : ''}>${part.text ?? flat(part.inside)}</>`)).join('');

test('bold works beside Japanese brackets and particles', () => {
  assert.equal(flat(inline('**「返品」**は**8日以内**です')), '<strong>「返品」</>は<strong>8日以内</>です');
});

test('a product of numbers is not emphasis', () => {
  assert.equal(flat(inline('縦3*横4*高さ5')), '縦3*横4*高さ5');
  assert.equal(flat(inline('2 * 3 * 4')), '2 * 3 * 4');
  assert.equal(flat(inline('3*4と5*6')), '3*4と5*6');
});

test('links only to http(s) and relative addresses', () => {
  for (const good of ['https://example.jp/a?b=c#d', 'http://example.jp', '/guide/shipping', './x', '../x', '#top', '?a=1']) {
    assert.equal(safeHref(good), good, good);
  }
  for (const bad of ['javascript:alert(1)', 'JaVaScRiPt:alert(1)', ' javascript:alert(1)', 'java\nscript:alert(1)', 'data:text/html,x', 'vbscript:x', '//evil.example', '/\\evil.example', '\\\\evil', 'mailto:a@b.jp', 'https://', '', 'file:///etc']) {
    assert.equal(safeHref(bad), null, bad);
  }
});

test('a link that may not be stays text', () => {
  assert.equal(flat(inline('[押す](javascript:alert(1))')), '[押す](javascript:alert(1))');
  assert.equal(flat(inline('[配送](/guide/shipping)へ')), '<link /guide/shipping>配送</>へ');
});

test('a bare address ends where the sentence goes on', () => {
  assert.equal(flat(inline('詳しくはhttps://example.jp/aをご覧ください')), '詳しくは<link https://example.jp/a>https://example.jp/a</>をご覧ください');
  assert.equal(flat(inline('(https://example.jp/a).')), '(<link https://example.jp/a>https://example.jp/a</>).');
});

test('HTML is text', () => {
  assert.equal(flat(inline('<img src=x onerror=alert(1)>')), '<img src=x onerror=alert(1)>');
});

test('lists, also with Japanese bullets, and paragraphs', () => {
  const blocks = parse('送料は次の通りです。\n・本州 550円\n・沖縄 1,320円\n\n1. 選ぶ\n2. 送る\n\n終わり');
  assert.deepEqual(blocks.map((block) => block.kind), ['paragraph', 'list', 'list', 'paragraph']);
  assert.deepEqual(blocks[1].items.map(flat), ['本州 550円', '沖縄 1,320円']);
  assert.equal(blocks[2].ordered, true);
});

test('a number at the start of a sentence is not a list', () => {
  assert.equal(parse('1.5倍になります').length, 1);
  assert.equal(parse('1.5倍になります')[0].kind, 'paragraph');
});

test('what a person typed keeps its stars and gets its links', () => {
  assert.equal(flat(plain('**a** [b](/c) https://example.jp。')[0].inside), '**a** [b](/c) <link https://example.jp>https://example.jp</>。');
});

test('no input takes long', () => {
  const started = performance.now();
  for (const piece of ['*', '**', '[', '`', '[a](', '**a', '\\', '<', 'https://']) parse(piece.repeat(4000 / piece.length));
  parse(`${'*a '.repeat(1300)}`);
  parse('**' + '['.repeat(2000) + ']'.repeat(2000) + '**');
  assert.ok(performance.now() - started < 2000);
});

test('nothing that was typed disappears', () => {
  for (const text of ['a\n\n\nb', '# 見出し', '> 引用', '---', '| a | b |', '```js\nx\n```', '𠮷野家', '👨‍👩‍👧', '\u202eabc']) {
    const words = text.replace(/^#\s/, '').replace(/\s/g, '');
    const out = parse(text).map((block) => flat(block.inside ?? [])).join('').replace(/\s/g, '');
    assert.ok(out.length >= Math.min(words.length, 1), text);
  }
});
