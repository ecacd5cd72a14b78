import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { Problem, call } from '../../api/web/shared/http.js';
import { Outbox, openStore, unconfirmed } from '../../api/web/shared/outbox.js';
import { makeStorage, openShop, until } from './shop.mjs';

let shop;
before(async () => (shop = await openShop()));
after(() => shop.stop());
beforeEach(() => shop.mock({ stream: 'good', faults: [], desk: 'open', think: 5 }));

async function outboxTo(storage = makeStorage()) {
  const made = await call(`${shop.base}conversations`, { body: { client_id: crypto.randomUUID() } });
  const sent = [];
  const make = () =>
    new Outbox({
      key: 'o', storage, locks: null, random: () => 0,
      send: (item) => call(`${shop.base}conversations/${made.conversation}/${item.action}`, {
        body: { client_id: item.client_id, ...item.body }, headers: { authorization: `Bearer ${made.token}` },
      }),
      onSent: (item) => sent.push(item.body.text),
    });
  const said = async () => (await shop.mock({})).events.filter((e) => e.from === 'shopper').map((e) => e.body.text);
  return { outbox: make(), make, sent, said };
}

test('an answer that got lost: sent again with the same id, stored once', async () => {
  const { outbox, said } = await outboxTo();
  await shop.mock({ faults: [{ path: '/messages', lose: true }] });
  outbox.add('messages', { text: '届いていますか' });
  await until(() => outbox.items.length === 0);
  assert.deepEqual(await said(), ['届いていますか']);
});

test('order is kept over failures', async () => {
  const { outbox, said, sent } = await outboxTo();
  await shop.mock({ faults: [{ path: '/messages', status: 503, times: 2 }, { path: '/messages', cut: true }] });
  for (const text of ['一', '二', '三']) outbox.add('messages', { text });
  await until(() => outbox.items.length === 0, 9_000);
  assert.deepEqual(await said(), ['一', '二', '三']);
  assert.deepEqual(sent, ['一', '二', '三']);
});

test('a page that closed in the middle: the next one sends what was left, once', async () => {
  const { outbox, make, said } = await outboxTo();
  await shop.mock({ faults: [{ path: '/messages', lose: true }] });
  outbox.add('messages', { text: '途中' });
  await until(() => outbox.items[0]?.tries === 1);
  outbox.stop();
  const next = make();
  assert.equal(next.items[0].state, 'waiting');
  await next.flush();
  assert.deepEqual(await said(), ['途中']);
});

test('what is refused for good stays, marked, and lets the rest pass', async () => {
  const { outbox, said } = await outboxTo();
  outbox.add('messages', { text: 'あ'.repeat(4001) });
  outbox.add('messages', { text: '次' });
  await until(async () => (await said()).includes('次') && outbox.items.length === 1);
  assert.deepEqual(outbox.items.map((item) => [item.state, item.code]), [['refused', 'invalid_text']]);
  outbox.drop(outbox.items[0].client_id);
  assert.deepEqual(outbox.items, []);
});

test('never more than fifty wait; the fifty-first is refused openly', () => {
  const outbox = new Outbox({ key: 'o', storage: makeStorage(), locks: null, send: () => new Promise(() => {}) });
  for (let i = 0; i < 50; i += 1) assert.ok(outbox.add('messages', { text: `${i}` }));
  assert.equal(outbox.add('messages', { text: 'one more' }), null);
});

test('a broken store is an empty one', () => {
  const storage = makeStorage();
  storage.setItem('o', '{"not": "a list"');
  const outbox = new Outbox({ key: 'o', storage, locks: null, send: async () => {} });
  assert.deepEqual(outbox.items, []);
});

test('without localStorage the page remembers until it closes', () => {
  const store = openStore();
  assert.equal(store.lasting, false);
  store.setItem('a', '1');
  assert.equal(store.getItem('a'), '1');
  store.removeItem('a');
  assert.equal(store.getItem('a'), null);
});

test('a waiting message whose event has come is not shown twice; an equal one before it does not hide it', () => {
  const item = (client_id, text, after, state = 'sending') => ({ client_id, action: 'messages', body: { text }, after, state });
  const event = (seq, text) => ({ seq, from: 'shopper', type: 'message', body: { text } });
  const textOf = (each) => each.body.text;
  const ids = (items, events) => unconfirmed(items, events, textOf).map((each) => each.client_id);
  assert.deepEqual(ids([item('a', 'はい', 5)], [event(3, 'はい')]), ['a']);
  assert.deepEqual(ids([item('a', 'はい', 5)], [event(6, 'はい')]), []);
  assert.deepEqual(ids([item('a', 'はい', 5), item('b', 'はい', 5)], [event(6, 'はい')]), ['b']);
  assert.deepEqual(ids([item('a', 'はい', 5, 'refused')], [event(6, 'はい')]), ['a']);
});

test('problems: no answer, the code of the contract, and how long to wait', async () => {
  await shop.mock({ faults: [{ path: '/conversations', cut: true }] });
  await assert.rejects(call(`${shop.base}conversations`, { body: { client_id: 'a1' } }), (e) => e instanceof Problem && e.status === 0 && e.passing);
  await shop.mock({ faults: [{ path: '/conversations', status: 429, retryAfter: 2, code: 'rate_limited' }] });
  await assert.rejects(call(`${shop.base}conversations`, { body: { client_id: 'a2' } }), (e) => e.code === 'rate_limited' && e.retryAfter === 2000 && e.passing);
  await assert.rejects(call(`${shop.base}conversations/c_1/messages`), (e) => e.status === 401 && !e.passing);
  await shop.mock({ faults: [{ path: '/conversations', ms: 400 }] });
  await assert.rejects(call(`${shop.base}conversations`, { body: { client_id: 'a3' }, timeout: 50 }), (e) => e.code === 'timeout');
});
