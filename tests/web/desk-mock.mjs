/**
 * The staff's half of the contract from memory, with a desk full of realistic work, for looking at the console and
 * the studio without a server and for what a real server seldom does (a lost race, a cut line, an edit conflict).
 *
 *   node tests/web/desk-mock.mjs [PORT]      prints {"port": N}; sign in as anyone@example.jp with any password
 *                                            (editor@…, supervisor@… and admin@… have that role)
 *
 * POST /__mock takes {say: {conversation, text}}, {typing: conversation}, {queue: {}}, {drop: true} (hang up all
 * streams), {fail: {path, status, code?, times}}, {empty: true}, {race: true} (the next claim is lost).
 */
import { createServer } from 'node:http';
import { readFile } from 'node:fs/promises';
import { extname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { chats, entries, proposals, releases, statistics } from './desk-mock-data.mjs';

const ROOT = fileURLToPath(new URL('../../api/web/', import.meta.url));
const TYPES = { '.js': 'text/javascript', '.css': 'text/css', '.html': 'text/html; charset=utf-8', '.svg': 'image/svg+xml' };
const CSP = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; font-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

const agents = [
  { id: 'u_sato', name: '佐藤', role: 'agent', state: 'available', reason: null, desks: ['main'], present: true },
  { id: 'u_tanaka', name: '田中', role: 'agent', state: 'available', reason: null, desks: ['main'], present: true },
  { id: 'u_kimura', name: '木村', role: 'agent', state: 'away', reason: '休憩', desks: ['main'], present: true },
  { id: 'u_ogawa', name: '小川', role: 'supervisor', state: 'wrapup', reason: null, desks: ['main', 'repair'], present: true },
];
/** @type {any} */ let user = null;
let position = 1000;
const streams = new Set();
const faults = [];
let race = false;
let publishing = { state: 'idle' };

class Refusal extends Error {
  constructor(status, code, detail = code, more = {}) {
    super(detail);
    Object.assign(this, { status, code, more });
  }
}

function append(chat, type, from, body = {}, name = null) {
  const event = { conversation: chat.id, position: ++position, seq: chat.events.length + 1, prev: chat.events.length, type, at: new Date().toISOString(), from, name, body };
  chat.events.push(event);
  for (const stream of streams) stream.write(`id: ${event.position}\nevent: ${type}\ndata: ${JSON.stringify(event)}\n\n`);
  return event;
}

function card(chat) {
  const said = chat.events.findLast((event) => event.type === 'message' && event.from === 'shopper');
  const answered = chat.events.findLastIndex((event) => event.type === 'message' && event.from === 'agent');
  return {
    conversation: chat.id, ticket: chat.ticket, owner: chat.owner, desk: 'main', reason: chat.reason, mood: chat.mood ?? 'calm',
    locale: chat.locale ?? 'ja', page: chat.page ?? null, customer: chat.customer?.id ?? null, opened_at: chat.events[0].at,
    last_at: chat.events.at(-1).at, queued_at: chat.queued_at, front: chat.front ?? false, late: chat.late ?? false, held: chat.held ?? false,
    unread: chat.owner.kind === 'bot' ? 0 : chat.events.slice(answered + 1).filter((e) => e.type === 'message' && e.from === 'shopper' && e.at >= (chat.queued_at ?? '')).length,
    seq: chat.events.length, text: said?.body.text ?? null,
  };
}

const lead = () => user.role !== 'agent';
const me = () => ({ ...agents.find((agent) => agent.id === user.id), ...user });

function desk() {
  const own = (kind, mine) => chats.filter((chat) => chat.owner.kind === kind && (mine === undefined || (chat.owner.id === user.id) === mine));
  return {
    me: me(), queue: own('queue').sort((a, b) => (a.queued_at < b.queued_at ? -1 : 1)).map(card), conversations: own('agent', true).map(card),
    ...(lead() ? { others: [...own('agent', false), ...own('bot')].map(card) } : {}),
    agents: agents.map((agent) => ({ ...agent, conversations: chats.filter((chat) => chat.owner.id === agent.id).length })), position,
  };
}

function owned(chat) {
  if (chat.owner.kind === 'closed') throw new Refusal(409, 'closed', 'The conversation is closed.');
  if (chat.owner.id !== user.id && !lead()) throw new Refusal(409, 'not_owner', 'This chat is not yours.');
}

const acts = {
  claim(chat) {
    if (race) {
      race = false;
      chat.owner = { kind: 'agent', id: 'u_tanaka', name: '田中' };
      append(chat, 'assigned', 'agent', {}, '田中');
    }
    if (chat.owner.kind === 'agent' && chat.owner.id !== user.id) throw new Refusal(409, 'already_owned', 'A colleague has this chat.');
    chat.owner = { kind: 'agent', id: user.id, name: user.name };
    return append(chat, 'assigned', 'agent', {}, user.name);
  },
  messages: (chat, { text, entry }) => (owned(chat), append(chat, 'message', 'agent', { text, ...(entry ? { entry } : {}) }, user.name)),
  notes: (chat, { text }) => append(chat, 'note', 'agent', { text }, user.name),
  release(chat, { reason }) {
    owned(chat);
    chat.owner = { kind: 'queue', id: null, name: null };
    chat.front = true;
    append(chat, 'released', 'agent', reason ? { reason } : {}, user.name);
    return append(chat, 'queued', 'system', { ticket: chat.ticket, position: 1, wait: { low: 0, high: 60 } });
  },
  return(chat) {
    owned(chat);
    chat.owner = { kind: 'bot', id: null, name: null };
    return append(chat, 'returned', 'agent', {}, user.name);
  },
  transfer(chat, { to }) {
    owned(chat);
    const agent = agents.find((each) => each.id === to);
    chat.owner = agent ? { kind: 'agent', id: agent.id, name: agent.name } : { kind: 'queue', id: null, name: null };
    return append(chat, 'transferred', 'agent', { to, ...(agent ? { name: agent.name } : {}) }, user.name);
  },
  hold(chat, { on }) {
    owned(chat);
    chat.held = on;
    return append(chat, 'held', 'agent', { on }, user.name);
  },
  close(chat, { disposition }) {
    owned(chat);
    chat.owner = { kind: 'closed', id: null, name: null };
    chat.ticket = null;
    return append(chat, 'closed', 'agent', { disposition }, user.name);
  },
};

const chatOf = (id) => chats.find((chat) => chat.id === id) ?? (() => { throw new Refusal(404, 'not_found'); })();

function find(text) {
  const grams = new Set([...text].map((_, at) => text.slice(at, at + 2)).filter((gram) => gram.length === 2));
  return entries
    .filter((entry) => entry.state !== 'deleted')
    .map((entry) => {
      const own = entry.question + entry.variants.join('');
      const hit = [...grams].filter((gram) => own.includes(gram)).length / Math.max(grams.size, 1);
      const answer = [...grams].filter((gram) => entry.answer.includes(gram)).length / Math.max(grams.size, 1);
      return { entry, score: hit * 2 + answer, parts: { question_words: hit * 3, ...(answer ? { answer_words: answer * 2 } : {}), characters: hit, question_vector: 0.55 + hit * 0.4, answer_vector: 0.5 + answer * 0.4 } };
    })
    .filter((hit) => hit.score > 0.15)
    .sort((a, b) => b.score - a.score)
    .slice(0, 10);
}

const itemOf = (entry) => { const { history, live, ...item } = entry; return item; };

function decide(text, draft) {
  const hits = find(text).filter((hit) => draft || hit.entry.live_revision);
  const confidence = Math.min(0.97, (hits[0]?.score ?? 0) / 1.6);
  const kind = confidence > 0.6 ? 'answer' : hits.length ? 'offer' : 'decline';
  return {
    kind, text: kind === 'answer' ? hits[0].entry.answer : kind === 'offer' ? 'ご質問は、次のどちらでしょうか。' : '申し訳ございません。確かなお答えができません。担当者におつなぎできます。',
    entry: kind === 'answer' ? hits[0].entry.id : null, revision: 1, offers: kind === 'offer' ? hits.slice(0, 3).map((hit) => ({ entry: hit.entry.id, question: hit.entry.question })) : [],
    confidence, mood: { label: 'calm', score: 0.04, evidence: null }, wish: { human: false, score: 0.02, evidence: null }, topic: null,
    reasons: kind === 'offer' ? [{ code: 'margin_small', text: '似た質問が2つあり、差が小さい' }] : kind === 'decline' ? [{ code: 'nothing_found', text: '近い質問が見つからない' }] : [],
    hits: hits.map((hit) => ({ entry: hit.entry.id, score: hit.score, parts: hit.parts })), release: draft ? 'draft' : 'r_0012', policy: 'p_1', ms: { total: 6.1 },
  };
}

const PAGE = 20;
const routes = [
  ['GET', /^\/session$/, () => ({ user, csrf: 'csrf' })],
  ['DELETE', /^\/session$/, () => ((user = null), null)],
  ['GET', /^\/desk$/, desk],
  ['PUT', /^\/desk\/me$/, (_, body) => { Object.assign(agents.find((agent) => agent.id === user.id) ?? {}, { state: body.state, reason: body.reason ?? null }); return { me: me() }; }],
  ['GET', /^\/desk\/conversations\/([\w-]+)$/, ([, id]) => {
    const chat = chatOf(id);
    return { conversation: id, state: card(chat), events: chat.events, customer: chat.customer ?? null, decision: chat.events.findLast((event) => event.type === 'decided')?.body ?? null };
  }],
  ['POST', /^\/desk\/conversations\/([\w-]+)\/typing$/, () => null],
  ['POST', /^\/desk\/conversations\/([\w-]+)\/(\w+)$/, ([, id, act], body) => {
    const event = acts[act](chatOf(id), body);
    return { seq: event.seq, at: event.at };
  }],
  ['POST', /^\/entries\/search$/, (_, body) => ({ hits: find(body.text).map((hit) => ({ entry: hit.entry.id, question: hit.entry.question, answer: hit.entry.answer, category: hit.entry.category, score: hit.score, parts: hit.parts })) })],
  ['POST', /^\/entries\/try$/, (_, body) => ({ draft: decide(body.text, true), live: decide(body.text, false) })],
  ['GET', /^\/entries$/, (_, __, query) => {
    const text = query.get('text') ?? '';
    const fits = entries.filter((entry) => (!query.get('category') || entry.category === query.get('category')) && (!query.get('state') || entry.state === query.get('state')) && (!text || (entry.question + entry.answer).includes(text)));
    const from = Number(query.get('after') ?? 0) || 0;
    return { entries: fits.slice(from, from + PAGE).map(itemOf), next: from + PAGE < fits.length ? String(from + PAGE) : null, total: fits.length,
      categories: [...new Set(entries.map((entry) => entry.category))].map((name) => ({ name, count: entries.filter((entry) => entry.category === name).length })) };
  }],
  ['POST', /^\/entries$/, (_, body) => {
    const made = { variants: [], tags: [], translations: {}, valid_from: null, valid_until: null, category: null, ...body, id: body.id ?? `new-${entries.length}`, revision: 1, live_revision: null, state: 'draft', updated_at: new Date().toISOString(), updated_by: user.name, history: [] };
    entries.unshift(made);
    return made;
  }],
  ['GET', /^\/entries\/([\w.-]+)$/, ([, id]) => entries.find((entry) => entry.id === id) ?? (() => { throw new Refusal(404, 'not_found'); })()],
  ['PUT', /^\/entries\/([\w.-]+)$/, ([, id], body) => {
    const entry = entries.find((each) => each.id === id);
    if (entry.revision !== body.revision) throw new Refusal(409, 'edit_conflict', 'Somebody else saved this entry.', { current: itemOf(entry) });
    const { history, revision, ...past } = entry;
    entry.history = [{ revision, at: entry.updated_at, by: entry.updated_by, why: null, body: past }, ...(history ?? [])];
    return Object.assign(entry, body, { revision: revision + 1, state: 'draft', updated_at: new Date().toISOString(), updated_by: user.name });
  }],
  ['GET', /^\/proposals\/([\w-]+)\/evidence$/, ([, id]) => ({ evidence: proposals.find((each) => each.id === id).said })],
  ['GET', /^\/proposals$/, (_, __, query) => ({ proposals: proposals.filter((each) => !query.get('state') || each.state === query.get('state')).map(({ said, ...each }) => ({ ...each, evidence: said.map((one) => one.conversation), current: entries.find((entry) => entry.id === each.entry) ?? null })) })],
  ['POST', /^\/proposals\/([\w-]+)\/(accept|reject)$/, ([, id, act], body) => Object.assign(proposals.find((each) => each.id === id), { state: `${act}ed`, reason: body.reason ?? null })],
  ['GET', /^\/releases$/, () => ({ releases, publishing, live: releases.find((each) => each.state === 'live')?.id, changes: entries.filter((entry) => entry.state === 'draft').length })],
  ['POST', /^\/releases$/, (_, body) => {
    publishing = { state: 'building', done: 0, total: 152 };
    const timer = setInterval(() => {
      publishing.done = Math.min(152, publishing.done + 30);
      if (publishing.done < 152) return;
      clearInterval(timer);
      for (const each of releases) if (each.state === 'live') each.state = 'superseded';
      const made = { id: `r_${String(releases.length + 10).padStart(4, '0')}`, created_at: new Date().toISOString(), by: user.name, state: 'live', entries: 152, note: body.note ?? null, error: null, usable: true, check: { asked: 152, found: 150, worse: false, lost: [{ text: '沖縄への送料', entry: 'ship-002' }], changes: [] } };
      releases.unshift(made);
      for (const entry of entries) Object.assign(entry, { state: 'live', live_revision: entry.revision });
      publishing = { state: 'done', release: made };
    }, 400);
    return { publishing };
  }],
  ['POST', /^\/releases\/([\w-]+)\/rollback$/, ([, id]) => { for (const each of releases) each.state = each.id === id ? 'live' : each.state === 'live' ? 'superseded' : each.state; return releases.find((each) => each.id === id); }],
  ['GET', /^\/statistics$/, () => statistics],
];

async function bodyOf(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts);
}

function answer(response, status, body, headers = {}) {
  response.writeHead(status, { 'content-type': status >= 400 ? 'application/problem+json' : 'application/json', ...headers });
  response.end(body === null ? '' : JSON.stringify(body));
}

async function api(request, response, path, query) {
  const fault = faults.find((each) => path.includes(each.path) && each.times > 0);
  if (fault) {
    fault.times -= 1;
    if (!fault.status) return request.socket.destroy();
    throw new Refusal(fault.status, fault.code ?? 'busy');
  }
  const raw = await bodyOf(request);
  if (path === '/session' && request.method === 'POST') {
    const { email, password } = JSON.parse(raw.toString());
    if (password === 'wrong') throw new Refusal(401, 'bad_credentials');
    const role = /^(editor|supervisor|admin)/.exec(email)?.[1] ?? 'agent';
    user = { id: role === 'agent' ? 'u_sato' : 'u_ogawa', name: role === 'agent' ? '佐藤' : '小川', role, email };
    return answer(response, 200, { user, csrf: 'csrf' });
  }
  if (!user) throw new Refusal(401, 'not_signed_in');
  if (request.method !== 'GET' && request.headers['x-csrf-token'] !== 'csrf') throw new Refusal(403, 'csrf_failed');
  if (path === '/desk/events') {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(': open\n\n');
    streams.add(response);
    const beat = setInterval(() => response.write(': \n\n'), 10_000);
    response.on('close', () => (streams.delete(response), clearInterval(beat)));
    return undefined;
  }
  if (path === '/imports') {
    if (raw.toString().includes('壊れた')) throw new Refusal(422, 'corpus_invalid', 'The file has 2 problems.', { problems: [{ line: 3, field: 'answer', message: '回答が空です' }, { line: 7, field: 'valid_from', message: '日付は 2026-07-01 の形で書いてください' }] });
    return answer(response, 200, { entries: 152, added: 4, changed: 2, unchanged: 146, warnings: [] });
  }
  for (const [method, pattern, run] of routes) {
    const match = method === request.method && pattern.exec(path);
    if (!match) continue;
    const body = run(match, raw.length ? JSON.parse(raw.toString()) : {}, query);
    return answer(response, body === null ? 204 : 200, body);
  }
  throw new Refusal(404, 'not_found');
}

function control(body) {
  if (body.say) append(chatOf(body.say.conversation), 'message', 'shopper', { text: body.say.text });
  if (body.typing) for (const stream of streams) stream.write(`event: typing\ndata: ${JSON.stringify({ type: 'typing', from: 'shopper', at: new Date().toISOString(), conversation: body.typing })}\n\n`);
  if (body.drop) for (const stream of streams) stream.destroy();
  if (body.fail) faults.push(body.fail);
  if (body.race) race = true;
  if (body.empty) for (const chat of chats) chat.owner = { kind: 'closed', id: null, name: null };
  if (body.queue) {
    const chat = chats.find((each) => each.owner.kind === 'bot');
    if (chat) {
      Object.assign(chat, { owner: { kind: 'queue', id: null, name: null }, ticket: 'A-31', queued_at: new Date().toISOString(), reason: 'asked' });
      append(chat, 'escalated', 'system', { reason: 'asked' });
      append(chat, 'queued', 'system', { ticket: 'A-31', position: 3, wait: { low: 60, high: 240 } });
    }
  }
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url ?? '/', 'http://mock');
  try {
    if (url.pathname === '/__mock') {
      control(JSON.parse((await bodyOf(request)).toString()));
      return answer(response, 200, {});
    }
    if (url.pathname.startsWith('/v1/')) return await api(request, response, url.pathname.slice(3), url.searchParams);
    const name = { '/desk': 'desk/desk.html', '/studio': 'studio/studio.html' }[url.pathname] ?? normalize(url.pathname.replace(/^\/web\//, '/')).replace(/^\//, '');
    const file = await readFile(join(ROOT, name));
    response.writeHead(200, { 'content-type': TYPES[extname(name)] ?? 'application/octet-stream', 'content-security-policy': CSP, 'cache-control': 'no-store' });
    return response.end(file);
  } catch (error) {
    if (error instanceof Refusal) return answer(response, error.status, { title: error.code, status: error.status, detail: error.message, code: error.code, ...error.more });
    return answer(response, error.code === 'ENOENT' ? 404 : 500, { title: 'error', status: 500, detail: String(error), code: 'not_found' });
  }
});
server.listen(Number(process.argv[2] ?? 0), '127.0.0.1', () => console.log(JSON.stringify({ port: server.address().port })));
