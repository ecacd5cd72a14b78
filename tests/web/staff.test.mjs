import assert from 'node:assert/strict';
import { test } from 'node:test';
import { emptyLists, listsAfter, listsOf, newer, rowOf, sections, unseen, waitingCount, allowed, askedBy, alreadyShown } from '../../api/web/desk/state.js';
import { fold } from '../../api/web/shared/fold.js';
import { diff, matched } from '../../api/web/staff/diff.js';
import { bare, firstLine } from '../../api/web/staff/text.js';
import { bodyOf, changedIn, conflicts, fieldsOf, merged, stateOf, validity, wrongIn } from '../../api/web/studio/fields.js';
import { figuresOf } from '../../api/web/studio/figures.js';
import { staffWords } from '../../api/web/staff/words.js';
import { deskWords } from '../../api/web/desk/words.js';
import { studioWords } from '../../api/web/studio/words.js';

const joined = (pieces, ...kinds) => pieces.filter((piece) => kinds.includes(piece.kind)).map((piece) => piece.text).join('');

test('a difference keeps both texts whole', () => {
  const texts = ['', '到着後8日以内です。', '到着後14日以内です。送料はお客さま負担です。', 'A flat 550 yen.', '改\n行', '👨‍👩‍👧 𠮷野'];
  for (const a of texts) {
    for (const b of texts) {
      const pieces = diff(a, b);
      assert.equal(joined(pieces, 'same', 'gone'), a);
      assert.equal(joined(pieces, 'same', 'new'), b);
      if (a === b) assert.ok(pieces.every((piece) => piece.kind === 'same'));
    }
  }
});

test('a changed number is the only difference', () => {
  assert.deepEqual(diff('到着後8日以内です', '到着後14日以内です'), [
    { kind: 'same', text: '到着後' }, { kind: 'gone', text: '8' }, { kind: 'new', text: '14' }, { kind: 'same', text: '日以内です' },
  ]);
});

test('long texts are compared by sentences, and what is too long is one replacement', () => {
  const same = '送料は550円です。'.repeat(500);
  const pieces = diff(`${same}返品は8日以内です。${same}`, `${same}返品は14日以内です。${same}`);
  assert.deepEqual(pieces.map((piece) => piece.kind), ['same', 'gone', 'new', 'same']);
  assert.equal(joined(pieces, 'gone'), '返品は8日以内です。');
  const lines = (mark) => Array.from({ length: 1500 }, (_, at) => `${mark}${at}。`).join('');
  assert.equal(joined(diff(lines('あ'), lines('か')), 'new'), lines('か'));
});

test('what matched is marked across widths and kana, idle endings are not', () => {
  const hits = (text, query) => matched(text, query).filter((part) => part.hit).map((part) => part.text);
  assert.deepEqual(hits('送料はいくらですか', '送料いくらですか'), ['送料']);
  assert.deepEqual(hits('ポイントの期限', 'ﾎﾟｲﾝﾄ いつまで'), ['ポイント']);
  assert.deepEqual(hits('返品できますか', 'できますか'), ['できますか']);
  assert.deepEqual(hits('送料', '返品'), []);
  assert.equal(matched('そのまま', '').map((part) => part.text).join(''), 'そのまま');
});

const card = (id, kind, more = {}) => ({ conversation: id, owner: { kind, id: kind === 'agent' ? 'u_1' : null, name: '佐藤' }, seq: 5, unread: 0, last_at: '2026-07-01T09:00:00Z', text: '最後', ...more });
const answer = () => ({
  me: { id: 'u_1', role: 'agent' }, queue: [card('q1', 'queue'), card('q2', 'queue')],
  conversations: [card('m1', 'agent')], others: [card('o1', 'agent', { owner: { kind: 'agent', id: 'u_2', name: '田中' } }), card('b1', 'bot')],
  agents: [], position: 7,
});

test('the lists of one moment, in sections', () => {
  const lists = listsOf(answer());
  const { queue, mine, others, bots } = sections(lists);
  assert.deepEqual([queue, mine, others, bots].map((rows) => rows.map((row) => row.conversation)), [['q1', 'q2'], ['m1'], ['o1'], ['b1']]);
  assert.equal(others[0].agent.name, '田中');
  assert.equal(rowOf({ conversation: 'x', customer: 'cus_1' }).customer.id, 'cus_1');
});

test('events change the row once, whatever is repeated', () => {
  const said = { conversation: 'm1', seq: 6, type: 'message', from: 'shopper', at: '2026-07-01T09:01:00Z', body: { text: '新しい' } };
  let lists = listsAfter(listsOf(answer()), said);
  lists = listsAfter(lists, said);
  const row = sections(lists).mine[0];
  assert.deepEqual([row.unread, row.last.text, row.seq], [1, '新しい', 6]);
  assert.equal(unseen(row, {}), 1);
  assert.equal(unseen(row, { m1: 6 }), 0);
  assert.equal(waitingCount(lists, {}), 3);
  assert.equal(waitingCount(lists, { m1: 6 }), 2);
  assert.equal(waitingCount(emptyLists(), {}), 0);
  const answered = listsAfter(lists, { ...said, seq: 7, from: 'agent' });
  assert.equal(sections(answered).mine[0].unread, 0);
});

test('what came with an older request is no news', () => {
  const mine = rowOf(card('m', 'agent', { seq: 9 }));
  assert.equal(newer(mine, rowOf(card('m', 'queue', { seq: 8 }))).owner, 'agent');
  assert.equal(newer(mine, rowOf(card('m', 'bot', { seq: 9 }))).owner, 'bot');
});

test('an answer that is older than the events does not rewind a row', () => {
  const said = { conversation: 'm1', seq: 6, type: 'message', from: 'shopper', at: '2026-07-01T09:01:00Z', body: { text: '新しい' } };
  const row = sections(listsOf(answer(), listsAfter(listsOf(answer()), said))).mine[0];
  assert.deepEqual([row.last.text, row.unread, row.seq], ['新しい', 1, 6]);
});

test('who may do what, so that no button lies', () => {
  const agent = { id: 'u_1', role: 'agent' };
  const lead = { id: 'u_9', role: 'supervisor' };
  assert.deepEqual(allowed(rowOf(card('q', 'queue')), agent), { mine: false, lead: false, claim: true, reply: false, note: false, move: false });
  assert.equal(allowed(rowOf(card('m', 'agent')), agent).reply, true);
  assert.equal(allowed(rowOf(card('m', 'agent')), lead).reply, false);
  assert.equal(allowed(rowOf(card('m', 'agent')), lead).move, true);
  assert.equal(allowed(rowOf(card('b', 'bot')), agent).claim, false);
  assert.equal(allowed(rowOf(card('b', 'bot')), lead).claim, true);
  assert.equal(allowed(rowOf(card('c', 'closed')), lead).note, false);
});

test('what was asked, and what was already shown', () => {
  const at = '2026-07-01T09:00:00Z';
  const chat = fold([
    { seq: 1, type: 'opened', from: 'system', at, body: {} },
    { seq: 2, type: 'message', from: 'shopper', at, body: { text: '送料は' } },
    { seq: 3, type: 'decided', from: 'bot', at, body: { kind: 'answer' } },
    { seq: 4, type: 'message', from: 'bot', at, body: { text: '550円', entry: 'ship-001', answers: 2 } },
    { seq: 5, type: 'feedback', from: 'shopper', at, body: { seq: 4, helpful: false } },
    { seq: 6, type: 'message', from: 'shopper', at, body: { text: 'まだ決まっていない' } },
  ]);
  assert.equal(askedBy(chat), '送料は');
  assert.deepEqual(alreadyShown(chat), [{ seq: 4, entry: 'ship-001', helpful: false }]);
});

const item = { question: 'Q', answer: 'A', variants: ['v'], category: '配送', tags: [], translations: { zh: { question: 'z', answer: 'z' }, en: { question: 'q', answer: 'a' } } };

test('an entry goes through the editor unharmed', () => {
  const body = bodyOf(fieldsOf(item), item);
  assert.deepEqual(body, { question: 'Q', answer: 'A', variants: ['v'], tags: [], category: '配送', translations: item.translations });
  assert.deepEqual(changedIn(fieldsOf(item), fieldsOf({ ...item, answer: 'B' })), ['answer']);
});

test('two changes at once: each keeps what only one touched', () => {
  const base = fieldsOf(item);
  const mine = { ...base, answer: 'mine', tags: ['t'] };
  const theirs = { ...base, answer: 'theirs', question: 'theirs' };
  const choices = conflicts(base, mine, theirs);
  assert.deepEqual(choices, [
    { name: 'question', take: 'theirs', both: false }, { name: 'answer', take: 'mine', both: true }, { name: 'tags', take: 'mine', both: false },
  ]);
  assert.deepEqual(merged(mine, theirs, choices), { ...base, question: 'theirs', answer: 'mine', tags: ['t'] });
});

test('what is wrong with an entry, and whether it counts today', () => {
  assert.deepEqual(wrongIn(fieldsOf(null)), { question: 'need_question', answer: 'need_answer' });
  assert.deepEqual(wrongIn({ ...fieldsOf(item), valid_from: '2026-08-01', valid_until: '2026-07-01', en_answer: '' }), { valid_until: 'dates_crossed', en_answer: 'need_both_en' });
  assert.equal(validity({ valid_from: '2026-08-01' }, '2026-07-01'), 'later');
  assert.equal(validity({ valid_until: '2026-06-01' }, '2026-07-01'), 'over');
  assert.equal(validity({ valid_until: '2026-07-01' }, '2026-07-01'), 'ends');
  assert.equal(validity({}, '2026-07-01'), null);
  assert.equal(stateOf({ state: 'draft', live_revision: 2 }), 'changed');
  assert.equal(stateOf({ state: 'draft', live_revision: null }), 'draft');
});

test('figures add up', () => {
  const figures = figuresOf({ conversations: 3, answered: 2, offered: 1, declined: 0, escalated: 1, social: 0, helpful: 1, unhelpful: 0, reasons: { asked: 1 } });
  assert.deepEqual([figures.total, figures.decisions.answer, figures.waits.median], [4, 2, null]);
});

test('both languages say the same things with the same number of blanks', () => {
  for (const tables of [deskWords, studioWords]) {
    assert.deepEqual(Object.keys(tables.ja).sort(), Object.keys(tables.en).sort());
    for (const key of Object.keys(tables.ja)) {
      assert.equal(typeof tables.ja[key], typeof tables.en[key], key);
      if (typeof tables.ja[key] === 'function') assert.equal(tables.ja[key].length, tables.en[key].length, key);
    }
  }
  assert.equal(staffWords('en', deskWords)('queue'), 'Waiting');
  assert.equal(staffWords('ja', deskWords)('sign_in'), 'ログイン');
});

test('an approved answer goes into a reply without its marks', () => {
  assert.equal(bare('**全国一律550円**です。[配送について](/guide)・[地図](https://example.jp/map)\n- 沖縄 `A` は別'), '全国一律550円です。配送について・地図 https://example.jp/map\n・沖縄 A は別');
  assert.equal(firstLine('\n\n**一行目**\n二行目'), '一行目');
  assert.equal(bare('2 * 3 * 4'), '2 * 3 * 4');
});
