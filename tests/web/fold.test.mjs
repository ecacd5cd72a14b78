import assert from 'node:assert/strict';
import { test } from 'node:test';
import { apply, emptyChat, fold, thinking } from '../../api/web/shared/fold.js';

let clock = Date.parse('2026-07-01T00:00:00Z');
function log(...rows) {
  let prev = 0;
  return rows.map(([type, from, body = {}, more = {}]) => {
    const seq = prev + 1 + (more.skip ?? 0);
    const event = { seq, prev, type, at: new Date((clock += 1000)).toISOString(), from, name: more.name ?? null, body };
    prev = seq;
    return event;
  });
}

const session = log(
  ['opened', 'system'],
  ['message', 'bot', { text: 'いらっしゃいませ' }],
  ['message', 'shopper', { text: '送料っていくら？' }],
  ['message', 'bot', { text: '全国一律550円です。', entry: 'ship-001', answers: 3 }, { skip: 1 }],
  ['feedback', 'shopper', { seq: 5, helpful: true }],
  ['escalated', 'system', { reason: 'asked' }],
  ['queued', 'system', { ticket: 'A-12', position: 1, wait: { low: 20, high: 90 } }],
  ['assigned', 'agent', {}, { name: '佐藤' }],
  ['message', 'agent', { text: '承ります。' }, { name: '佐藤' }],
  ['message', 'shopper', { text: '沖縄でも同じですか' }],
  ['closed', 'agent'],
  ['rated', 'shopper', { score: 5 }],
  ['reopened', 'system'],
  ['message', 'shopper', { text: 'あと返品は？' }],
);

test('the session of the contract ends with the bot owing an answer', () => {
  const chat = fold(session);
  assert.equal(chat.owner, 'bot');
  assert.equal(thinking(chat), true);
  assert.deepEqual(chat.feedback, { 5: true });
  assert.equal(chat.served, false);
  assert.equal(chat.rating, null);
});

test('who owns it, event by event', () => {
  const owners = [];
  session.reduce((chat, event) => {
    const next = apply(chat, event);
    owners.push(next.owner);
    return next;
  }, emptyChat());
  assert.deepEqual(owners, [
    'bot', 'bot', 'bot', 'bot', 'bot', 'queue', 'queue', 'agent', 'agent', 'agent', 'closed', 'closed', 'bot', 'bot',
  ]);
});

test('folding all equals folding the rest onto a folded part, for any cut', () => {
  const whole = fold(session);
  for (let cut = 0; cut <= session.length; cut += 1) {
    assert.deepEqual(fold(session.slice(cut), fold(session.slice(0, cut))), whole);
  }
});

test('what was folded already changes nothing, not even the object', () => {
  const chat = fold(session);
  for (const event of session) assert.equal(apply(chat, event), chat);
});

test('the queue keeps ticket, place, wait and the first of the waiting', () => {
  const events = log(
    ['opened', 'system'], ['escalated', 'system'], ['queued', 'system', { ticket: 'A-1', position: 3, wait: { low: 60, high: 200 } }],
    ['queued', 'system', { ticket: 'A-1', position: 2, wait: { low: 30, high: 90 } }],
  );
  const { queue } = fold(events);
  assert.deepEqual(queue, { ticket: 'A-1', position: 2, wait: { low: 30, high: 90 }, since: events[1].at });
});

test('unanswered words of the queue are owed once it is back with the bot; answered ones are not', () => {
  const before = [['opened', 'system'], ['escalated', 'system'], ['queued', 'system']];
  assert.equal(thinking(fold(log(...before, ['message', 'shopper', { text: 'まだ？' }], ['returned', 'shopper']))), true);
  assert.equal(thinking(fold(log(...before, ['returned', 'shopper']))), false);
  assert.equal(
    thinking(fold(log(...before, ['message', 'shopper', { text: 'まだ？' }], ['assigned', 'agent'], ['message', 'agent', { text: 'はい' }], ['returned', 'agent']))),
    false,
  );
});

test('"not helpful" owes a turn; "helpful" does not', () => {
  const answered = [['opened', 'system'], ['message', 'shopper', { text: 'a' }], ['message', 'bot', { text: 'b', answers: 2 }]];
  assert.equal(thinking(fold(log(...answered, ['feedback', 'shopper', { seq: 3, helpful: false }]))), true);
  assert.equal(thinking(fold(log(...answered, ['feedback', 'shopper', { seq: 3, helpful: true }]))), false);
});

test('erased: no word is left', () => {
  const chat = fold([...session, { seq: 99, prev: 16, type: 'erased', at: session[0].at, from: 'system', name: null, body: {} }]);
  assert.equal(JSON.stringify(chat).includes('送料'), false);
  assert.equal(chat.erased, true);
});

test('an unknown type is kept and harmless', () => {
  const chat = fold(log(['opened', 'system'], ['confetti', 'system', { a: 1 }]));
  assert.equal(chat.owner, 'bot');
  assert.equal(chat.events.length, 2);
});
