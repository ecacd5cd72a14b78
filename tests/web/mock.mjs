/**
 * A shop's server for the page tests: speaks the shopper's half of the contract from memory, serves the pages,
 * and misbehaves on demand (POST /__mock). Not a second product: its bot knows five sentences.
 *
 *   node tests/web/mock.mjs [PORT]      prints {"port": N}
 *
 * /__mock takes any of
 *   {faults: [{path, times, status?, lose?, cut?, ms?, retryAfter?}]}  path: part of the URL; lose: do it, then cut
 *                                                                the line; cut: cut it at once; ms: be slow first
 *   {stream: 'drop' | 'double' | 'hole' | 'mute' | 'good'}       drop: hang up now; the others last until 'good'
 *   {desk: 'open' | 'nobody'}, {think: ms}
 *   {act: 'assign' | 'say' | 'typing' | 'close' | 'release' | 'return' | 'bot', text?, name?}  the latest chat
 *   {forget: true}                                               every conversation is gone
 */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../api/web/', import.meta.url));
const TYPES = {
  '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml',
};
const PAGE_HEADERS = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'self'",
};
const MOST_EVENTS = 2_000;

const ANSWERS = [
  [/送料|shipping/i, 'ship-001', '**全国一律550円**です。8,800円以上のお買い上げで無料になります。\n\n- 沖縄・離島は1,320円です\n- 大型品（土鍋10号・食卓・棚）は1点につき1,100円を加えます\n\nくわしくは[配送について](/guide/shipping)をご覧ください。'],
  [/土鍋/, 'tool-002', '土鍋は直火とオーブンでお使いいただけます。IHには対応しておりません。IHでお使いになる場合は、IH対応土鍋「ひだまり」をお選びください。'],
  [/長い/, 'long-001', 'とても長い言葉も折り返します。' + 'https://example.jp/' + 'a'.repeat(160) + ' まで。'],
];
const QUESTIONS = [
  ['ship-001', '送料はいくらですか'], ['ship-002', '沖縄・離島への送料はいくらですか'], ['return-001', '返品はできますか'],
  ['return-004', '名入れした品は返品できますか'], ['tool-002', '土鍋はIHで使えますか'],
];

/** @type {Map<string, any>} */
let chats = new Map();
const opened = new Map();
const settings = { faults: [], stream: 'good', desk: 'open', think: 30 };
const sockets = new Set();

function append(chat, type, from, body = {}, name = null) {
  if (chat.events.length >= MOST_EVENTS) throw new Error('the mock is full');
  const seq = chat.seq + 1;
  chat.seq = seq;
  const event = { seq, prev: chat.shown, type, at: new Date().toISOString(), from, name, body };
  chat.shown = seq;
  chat.events.push(event);
  for (const stream of chat.streams) stream.send(event);
  return event;
}

const say = (chat, text, more = {}) => append(chat, 'message', 'bot', { text, ...more }, '取次');

function think(chat, text, answers) {
  setTimeout(() => {
    if (chat.owner !== 'bot') return;
    chat.seq += 1; // `decided`, which a shopper never sees
    if (/返品/.test(text)) {
      return say(chat, 'ご質問は、次のどちらでしょうか。', {
        answers, offers: QUESTIONS.slice(2, 4).map(([entry, question]) => ({ entry, question })),
      });
    }
    if (/担当|人と/.test(text)) return handover(chat, 'bot');
    const found = ANSWERS.find(([pattern]) => pattern.test(text));
    if (found) return say(chat, found[2], { entry: found[1], answers });
    say(chat, '申し訳ございません。そのご質問には、私からは確かなお答えができません。担当者におつなぎできます。', { answers });
  }, settings.think);
}

function handover(chat, from) {
  if (chat.owner === 'queue' || chat.owner === 'agent') return;
  if (settings.desk === 'nobody') {
    say(chat, '申し訳ございません。ただいま担当者がおりません。メッセージをお預かりし、2営業日以内にメールでお返事いたします。', { form: true });
    return;
  }
  chat.owner = 'queue';
  append(chat, 'escalated', from, { reason: 'asked' });
  append(chat, 'queued', 'system', { ticket: 'A-12', position: 2, wait: { low: 60, high: 180 } });
}

function reopen(chat) {
  if (chat.owner === 'closed') {
    chat.owner = 'bot';
    append(chat, 'reopened', 'system');
  }
}

const actions = {
  messages(chat, { text }) {
    if (typeof text !== 'string' || !text.trim() || [...text].length > 4000) throw refusal(422, 'invalid_text');
    reopen(chat);
    const event = append(chat, 'message', 'shopper', { text });
    if (chat.owner === 'bot') think(chat, text, event.seq);
    return [201, { seq: event.seq, at: event.at }];
  },
  choose(chat, { seq, entry }) {
    const offer = chat.events.find((each) => each.seq === seq)?.body.offers?.find((each) => each.entry === entry);
    if (!offer) throw refusal(422, 'not_offered');
    const event = append(chat, 'chosen', 'shopper', { seq, entry, question: offer.question });
    const answer = entry === 'return-001'
      ? '商品の到着後8日以内で、未使用のものに限り返品をお受けします。返送料はお客さまのご負担です。'
      : '申し訳ございません。名入れした品の返品はお受けしておりません。';
    setTimeout(() => say(chat, answer, { entry, answers: event.seq }), settings.think);
    return [200, { seq: event.seq }];
  },
  handover: (chat) => (reopen(chat), handover(chat, 'system'), [200, { seq: chat.shown }]),
  return(chat) {
    chat.owner = 'bot';
    append(chat, 'returned', 'shopper');
    return [200, { seq: chat.shown }];
  },
  feedback: (chat, { seq, helpful }) => [200, { seq: append(chat, 'feedback', 'shopper', { seq, helpful }).seq }],
  rating: (chat, { score, comment }) => [200, { seq: append(chat, 'rated', 'shopper', { score, comment }).seq }],
  contact(chat, { email, name, text }) {
    if (!/^\S+@\S+\.\S+$/.test(email ?? '')) throw refusal(422, 'invalid_field', 'email');
    return [200, { seq: append(chat, 'contact_left', 'shopper', { email, name, text }).seq }];
  },
  close(chat) {
    chat.owner = 'closed';
    append(chat, 'closed', 'shopper');
    return [200, { seq: chat.shown }];
  },
};

const agent = {
  assign: (chat, { name = '佐藤' }) => ((chat.owner = 'agent'), append(chat, 'assigned', 'agent', {}, name)),
  say: (chat, { text, name = '佐藤' }) => append(chat, 'message', 'agent', { text }, name),
  bot: (chat, { text }) => say(chat, text),
  typing: (chat) => chat.streams.forEach((stream) => stream.signal({ type: 'typing', from: 'agent', at: new Date().toISOString() })),
  close: (chat, { name = '佐藤' }) => ((chat.owner = 'closed'), append(chat, 'closed', 'agent', {}, name)),
  release(chat) {
    chat.owner = 'queue';
    append(chat, 'released', 'agent', { reason: 'left' });
    append(chat, 'queued', 'system', { ticket: 'A-12', position: 1, wait: { low: 0, high: 60 } });
  },
  return: (chat) => ((chat.owner = 'bot'), append(chat, 'returned', 'agent')),
};

const refusal = (status, code, field) => Object.assign(new Error(code), { status, code, field });

function open(body) {
  if (opened.has(body.client_id)) return [200, opened.get(body.client_id)];
  const id = `c_${Math.random().toString(36).slice(2, 10)}`;
  const chat = { id, token: `t_${id}`, owner: 'bot', seq: 0, shown: 0, events: [], streams: new Set(), done: new Map() };
  chats.set(id, chat);
  append(chat, 'opened', 'system');
  say(chat, body.locale === 'en'
    ? 'Welcome. Ask me anything about our shop; you can speak with a person at any time.'
    : 'いらっしゃいませ。ひより道具店です。ご質問をどうぞ。担当者とお話しになりたいときは、いつでもお申し付けください。');
  const result = { conversation: id, token: chat.token, seq: chat.shown, messages: [...chat.events] };
  opened.set(body.client_id, result);
  return [201, result];
}

function streamTo(chat, after, response) {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'access-control-allow-origin': '*' });
  response.write(': hello\n\n');
  const stream = {
    response,
    skip: 0,
    send(event) {
      if (settings.stream === 'mute') return;
      if (settings.stream === 'hole' && this.skip++ % 2 === 0) return;
      const frame = `id: ${event.seq}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
      response.write(settings.stream === 'double' ? frame + frame : frame);
    },
    signal: (signal) => response.write(`event: ${signal.type}\ndata: ${JSON.stringify(signal)}\n\n`),
  };
  for (const event of chat.events) if (event.seq > after) stream.send(event);
  chat.streams.add(stream);
  const beat = setInterval(() => response.write(': still here\n\n'), 5_000);
  response.on('close', () => {
    clearInterval(beat);
    chat.streams.delete(stream);
  });
}

function control(body) {
  if (body.faults) settings.faults = body.faults.map((fault) => ({ times: 1, ...fault }));
  if (body.desk) settings.desk = body.desk;
  if (body.think !== undefined) settings.think = body.think;
  if (body.forget) chats = new Map();
  if (body.stream === 'drop') for (const chat of chats.values()) chat.streams.forEach((stream) => stream.response.destroy());
  else if (body.stream) settings.stream = body.stream;
  const last = [...chats.values()].at(-1);
  if (body.act) agent[body.act](last, body);
  return [200, {
    conversations: chats.size, streams: last ? last.streams.size : 0, owner: last?.owner ?? null,
    events: last ? last.events : [],
  }];
}

function chatOf(request, id) {
  const token = (request.headers.authorization ?? '').replace(/^Bearer /, '');
  if (!token) throw refusal(401, 'unauthorized');
  const chat = chats.get(id);
  if (!chat || chat.token !== token) throw refusal(404, 'not_found');
  return chat;
}

function route(request, url, body) {
  const [, , name, id, action] = url.pathname.split('/');
  if (name === 'suggestions') {
    const text = String(body.text ?? '');
    return [200, { questions: QUESTIONS.filter(([, q]) => q.includes(text) || /送料|返品/.test(text) && q.includes(text.match(/送料|返品/)[0])).map(([entry, question]) => ({ entry, question })) }];
  }
  if (name !== 'conversations') throw refusal(404, 'not_found');
  if (!id) return open(body);
  const chat = chatOf(request, id);
  if (request.method === 'GET' && action === 'messages') {
    const after = Number(url.searchParams.get('after') ?? 0);
    const rest = chat.events.filter((event) => event.seq > after);
    const page = rest.slice(0, 500);
    return [200, { messages: page, seq: page.at(-1)?.seq ?? after, more: rest.length > page.length }];
  }
  if (action === 'typing') return [204, null];
  const known = chat.done.get(body.client_id);
  if (known) {
    if (known.action !== action + JSON.stringify(body)) throw refusal(409, 'client_id_reused');
    return [200, known.result];
  }
  if (!Object.hasOwn(actions, action)) throw refusal(404, 'not_found');
  const [status, result] = actions[action](chat, body);
  chat.done.set(body.client_id, { action: action + JSON.stringify(body), result });
  return [status, result];
}

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** Another shop's page, for another origin: it names the widget of 127.0.0.1 and allows little. */
function serveElsewhere(response) {
  const origin = `http://127.0.0.1:${server.address().port}`;
  response.writeHead(200, {
    'content-type': 'text/html',
    'content-security-policy': `default-src 'none'; script-src ${origin}; style-src 'self'; connect-src ${origin}`,
  });
  response.end(`<!doctype html><html lang="en"><title>A shop</title><h1>A shop</h1><script type="module" src="${origin}/widget.js"></script>`);
}

/** A page with nothing but the widget: most tests need no shop around it. */
function servePlain(response) {
  response.writeHead(200, { 'content-type': TYPES['.html'], ...PAGE_HEADERS });
  response.end('<!doctype html><html lang="ja"><meta name="viewport" content="width=device-width"><title>店</title><h1>店</h1><script type="module" src="/widget.js" data-title="ひより道具店"></script>');
}

async function serveFile(path, response) {
  if (path === '/elsewhere') return serveElsewhere(response);
  if (path === '/plain') return servePlain(response);
  const page = { '/': 'shop/shop.html', '/widget.js': 'widget.js' }[path];
  const file = normalize(join(ROOT, page ?? path.replace(/^\/web\//, '')));
  const data = file.startsWith(ROOT) ? await readFile(file).catch(() => null) : null;
  if (!data) return response.writeHead(404).end('not here');
  const headers = { 'content-type': TYPES[extname(file)] ?? 'application/octet-stream', 'access-control-allow-origin': '*', 'cache-control': 'no-store' };
  response.writeHead(200, extname(file) === '.html' ? { ...headers, ...PAGE_HEADERS } : headers).end(data);
}

async function handle(request, response) {
  const url = new URL(request.url, 'http://mock');
  const headers = { 'content-type': 'application/json', 'access-control-allow-origin': '*', 'access-control-allow-headers': 'authorization, content-type' };
  if (request.method === 'OPTIONS') return response.writeHead(204, headers).end();
  let raw = '';
  for await (const piece of request) raw += piece;
  const fault = url.pathname === '/__mock' ? null : settings.faults.find((each) => each.times > 0 && request.url.includes(each.path));
  if (fault) {
    fault.times -= 1;
    if (fault.ms) await pause(fault.ms);
    if (fault.cut) return request.socket.destroy();
    if (fault.status) {
      const more = fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
      response.writeHead(fault.status, { ...headers, ...more, 'content-type': 'application/problem+json' });
      return response.end(JSON.stringify({ title: 'fault', status: fault.status, code: fault.code ?? 'busy', detail: '' }));
    }
  }
  try {
    const body = raw ? JSON.parse(raw) : {};
    if (url.pathname === '/__mock') return answer(response, headers, control(body));
    if (!url.pathname.startsWith('/v1/')) return await serveFile(url.pathname, response);
    if (url.pathname.endsWith('/events')) {
      const chat = chatOf(request, url.pathname.split('/')[3]);
      return streamTo(chat, Number(url.searchParams.get('after') ?? 0), response);
    }
    const result = route(request, url, body);
    if (fault?.lose) return request.socket.destroy();
    answer(response, headers, result);
  } catch (error) {
    const status = error.status ?? 500;
    response.writeHead(status, { ...headers, 'content-type': 'application/problem+json' });
    response.end(JSON.stringify({ title: error.message, status, code: error.code ?? 'fault', detail: error.message, field: error.field }));
  }
}

function answer(response, headers, [status, body]) {
  response.writeHead(status, headers).end(body === null ? undefined : JSON.stringify(body));
}

const server = createServer((request, response) => void handle(request, response));
server.on('connection', (socket) => {
  sockets.add(socket);
  socket.on('close', () => sockets.delete(socket));
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
process.stdin.on('end', () => process.exit(0)).resume(); // ends with the test that started it
