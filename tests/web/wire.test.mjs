import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { call } from '../../api/web/shared/http.js';
import { Intake } from '../../api/web/shared/intake.js';
import { Stream, backoff, sseParser } from '../../api/web/shared/stream.js';
import { Wire } from '../../api/web/shared/wire.js';
import { makeLocks, openShop, until } from './shop.mjs';

let shop;
before(async () => (shop = await openShop()));
after(() => shop.stop());
beforeEach(() => shop.mock({ stream: 'good', faults: [], desk: 'open', think: 5 }));

async function openChat() {
  const made = await call(`${shop.base}conversations`, { body: { client_id: crypto.randomUUID() } });
  const url = `${shop.base}conversations/${made.conversation}`;
  const headers = { authorization: `Bearer ${made.token}` };
  const say = (text) => call(`${url}/messages`, { body: { client_id: crypto.randomUUID(), text }, headers });
  return { url, headers, say };
}

function wireTo(chat, more = {}) {
  const events = [];
  const signals = [];
  const states = [];
  const wire = new Wire({
    name: chat.url,
    connect: (cursor, signal) => fetch(`${chat.url}/events?after=${cursor}`, { headers: chat.headers, signal }),
    fetchSince: async (cursor) => (await call(`${chat.url}/messages?after=${cursor}`, { headers: chat.headers })).messages,
    onEvent: (event) => events.push(event),
    onSignal: (signal) => signals.push(signal),
    onStatus: (status) => states.push(status),
    page: new EventTarget(),
    random: () => 0,
    locks: null,
    ...more,
  });
  return { wire, events, signals, states, texts: () => events.filter((e) => e.type === 'message' && e.from === 'agent').map((e) => e.body.text) };
}

test('an event stream reads the same however it is cut', () => {
  const text = '\uFEFF: hello\r\n\r\nid: 1\nevent: message\ndata: {"a":\ndata: 1}\n\ndata: x\r\rid: 2\ndata:  y\n\nevent: z\n\n';
  const whole = [];
  sseParser((frame) => whole.push(frame))(text);
  assert.deepEqual(whole, [
    { id: '1', event: 'message', data: '{"a":\n1}' }, { id: null, event: 'message', data: 'x' }, { id: '2', event: 'message', data: ' y' },
  ]);
  for (let size = 1; size < 9; size += 1) {
    const pieces = [];
    const feed = sseParser((frame) => pieces.push(frame));
    for (let at = 0; at < text.length; at += size) feed(text.slice(at, at + size));
    assert.deepEqual(pieces, whole, `pieces of ${size}`);
  }
});

test('an endless event is an error, not a full memory', () => {
  const feed = sseParser(() => {});
  assert.throws(() => {
    for (let i = 0; i < 30; i += 1) feed(`data: ${'x'.repeat(50_000)}\n`);
  });
});

test('intake: doubles are dropped, holes are filled, order is kept', async () => {
  const stored = [1, 3, 5, 6, 9].map((seq, index, all) => ({ seq, prev: all[index - 1] ?? 0 }));
  const got = [];
  const intake = new Intake({
    cursorOf: (e) => e.seq, prevOf: (e) => e.prev, deliver: (e) => got.push(e.seq),
    fetchSince: async (cursor) => stored.filter((e) => e.seq > cursor),
  });
  await intake.take(stored[0]);
  await Promise.all([intake.take(stored[2]), intake.take(stored[1]), intake.take(stored[2])]);
  await intake.take(stored[4]);
  assert.deepEqual(got, [1, 3, 5, 6, 9]);
  assert.equal(intake.holes, 1);
});

test('intake: a hole that cannot be filled delivers nothing and may be offered again', async () => {
  let down = true;
  const got = [];
  const intake = new Intake({
    cursorOf: (e) => e.seq, prevOf: (e) => e.prev, deliver: (e) => got.push(e.seq),
    fetchSince: async () => {
      if (down) throw new Error('away');
      return [{ seq: 1, prev: 0 }, { seq: 2, prev: 1 }];
    },
  });
  await assert.rejects(intake.take({ seq: 2, prev: 1 }));
  assert.deepEqual([got, intake.cursor], [[], 0]);
  down = false;
  await intake.take({ seq: 2, prev: 1 });
  assert.deepEqual(got, [1, 2]);
});

test('backoff grows, is bounded and spread', () => {
  assert.ok(backoff(0, 0) >= 250 && backoff(3, 0.99) < 4_000 && backoff(50, 0.99) <= 30_000);
  assert.notEqual(backoff(4, 0), backoff(4, 0.9));
});

for (const way of ['good', 'double', 'hole']) {
  test(`over the network, a stream that is ${way}: each event once and in order`, async () => {
    const chat = await openChat();
    const reader = wireTo(chat);
    reader.wire.start();
    await until(() => reader.states.includes('live'));
    await shop.mock({ stream: way, act: 'assign' });
    for (let i = 0; i < 8; i += 1) await shop.mock({ act: 'say', text: `${i}` });
    await shop.mock({ stream: 'good', act: 'say', text: 'last' });
    await until(() => reader.texts().includes('last'));
    assert.deepEqual(reader.texts(), ['0', '1', '2', '3', '4', '5', '6', '7', 'last']);
    reader.wire.stop();
  });
}

test('a dropped line resumes from the cursor by itself', async () => {
  const chat = await openChat();
  const reader = wireTo(chat);
  reader.wire.start();
  await until(() => reader.states.includes('live'));
  await shop.mock({ act: 'assign' });
  for (let i = 0; i < 3; i += 1) {
    await shop.mock({ stream: 'drop' });
    await shop.mock({ act: 'say', text: `${i}` });
  }
  await until(() => reader.texts().length === 3, 8_000);
  assert.deepEqual(reader.texts(), ['0', '1', '2']);
  assert.ok(reader.states.includes('waiting'));
  reader.wire.stop();
});

test('coming online cuts the waiting short', async () => {
  const page = new EventTarget();
  let tries = 0;
  const states = [];
  const stream = new Stream({
    connect: async () => {
      tries += 1;
      throw new Error('no line');
    },
    onEvent: () => {}, onStatus: (status) => states.push(status), page, random: () => 0.99,
  });
  stream.start();
  await until(() => states.includes('waiting'));
  for (const expected of [2, 3, 4, 5]) {
    page.dispatchEvent(new Event('online'));
    await until(() => tries === expected && stream.status === 'waiting');
  }
  stream.stop();
  assert.equal(stream.status, 'stopped');
});

test('a dead line is noticed, what it kept to itself is fetched', async () => {
  const chat = await openChat();
  const reader = wireTo(chat);
  reader.wire.start();
  await until(() => reader.states.includes('live'));
  await shop.mock({ stream: 'mute', act: 'assign' });
  await shop.mock({ act: 'say', text: 'unheard' });
  await reader.wire.catchUp();
  assert.deepEqual(reader.texts(), ['unheard']);
  reader.wire.stop();
});

test('a refusal for good stops; a busy server is asked again', async () => {
  const chat = await openChat();
  const foreign = wireTo({ ...chat, headers: { authorization: 'Bearer wrong' } });
  foreign.wire.start();
  await until(() => foreign.states.includes('refused'));
  foreign.wire.stop();

  await shop.mock({ faults: [{ path: '/events', status: 503, retryAfter: 0, times: 1 }] });
  const patient = wireTo(chat);
  patient.wire.start();
  await until(() => patient.states.includes('live'));
  assert.ok(patient.states.includes('waiting'));
  patient.wire.stop();
});

test('tabs: one stream, all hear it, and leadership passes on', async () => {
  const chat = await openChat();
  const locks = makeLocks();
  const [first, second] = [wireTo(chat, { locks }), wireTo(chat, { locks })];
  first.wire.start();
  await until(() => first.states.includes('live'));
  second.wire.start();
  await shop.mock({ act: 'assign' });
  await shop.mock({ act: 'say', text: 'a' });
  await shop.mock({ act: 'typing' });
  await until(() => first.texts().length === 1 && second.texts().length === 1 && second.signals.length === 1);
  assert.equal((await shop.mock({})).streams, 1);
  assert.ok(second.states.includes('live'));

  first.wire.stop();
  await until(async () => second.wire.cursor > 0 && (await shop.mock({})).streams === 1);
  await shop.mock({ act: 'say', text: 'b' });
  await until(() => second.texts().length === 2);
  assert.deepEqual(second.texts(), ['a', 'b']);
  assert.deepEqual(first.texts(), ['a']);
  second.wire.stop();
});
