/** A Tuesday afternoon at a shop for kitchen tools: what the mock desk and studio show. */
const ago = (minutes) => new Date(Date.now() - minutes * 60_000).toISOString();
const days = (count) => ago(count * 1440);

/** @param {string} id @param {any} about @param {[number, string, string, any, string?][]} lines minutes ago, type, from, body, name */
function chat(id, about, lines) {
  return { id, ...about, events: lines.map(([minutes, type, from, body, name], at) => ({ conversation: id, position: 100 + at, seq: at + 1, prev: at, type, at: ago(minutes), from, name: name ?? (from === 'bot' ? '取次' : null), body })) };
}
const hits = (...given) => given.map(([entry, score, w, v, a]) => ({ entry, score, parts: { question_words: w, characters: w / 3, question_vector: v, ...(a ? { answer_vector: a } : {}) } }));
const calm = { label: 'calm', score: 0.05, evidence: null };
const no = { human: false, score: 0.02, evidence: null };
const decided = (kind, more) => ({ kind, entry: null, offers: [], confidence: 0.4, mood: calm, wish: no, topic: null, reasons: [], hits: [], release: 'r_0012', policy: 'p_1', ...more });

export const chats = [
  chat('c_urgent', { owner: { kind: 'queue', id: null, name: null }, ticket: 'A-27', reason: 'furious', mood: 'furious', queued_at: ago(6.3), late: true, page: 'https://shop.example.jp/order/history' }, [
    [12, 'opened', 'system', { locale: 'ja', page: 'https://shop.example.jp/order/history' }],
    [12, 'message', 'bot', { text: 'いらっしゃいませ。ご質問をどうぞ。' }],
    [9, 'message', 'shopper', { text: '先週の月曜に届くはずの南部鉄器の急須がまだ来ないんですけど' }],
    [9, 'decided', 'bot', decided('answer', { entry: 'ship-009', confidence: 0.71, mood: { label: 'upset', score: 0.66, evidence: 'まだ来ない' }, reasons: [{ code: 'mood_upset', text: 'ご不満の様子なので、担当者への道を先に示した' }], hits: hits(['ship-009', 1.6, 2.1, 0.83, 0.8], ['ship-002', 0.9, 0.8, 0.71], ['order-004', 0.7, 0.5, 0.69]) })],
    [9, 'message', 'bot', { text: 'お届けが遅れており、申し訳ございません。\n配送状況は**マイページの「ご注文履歴」**からご確認いただけます。お届け予定日を2日過ぎても届かない場合は、担当者がお調べいたします。', entry: 'ship-009', answers: 3 }],
    [7, 'feedback', 'shopper', { seq: 5, helpful: false }],
    [6.4, 'message', 'shopper', { text: 'それは見ました。「配達済み」になってるんですよ。でも届いてない。電話も繋がらないし、何度目ですかこれ。いい加減にしてください' }],
    [6.3, 'decided', 'bot', decided('escalate', { confidence: 0.35, mood: { label: 'furious', score: 0.93, evidence: '何度目ですかこれ。いい加減にしてください' }, wish: { human: true, score: 0.74, evidence: '電話も繋がらない' }, reasons: [{ code: 'mood_furious', text: '強いお怒りなので、担当者がすぐに代わる' }, { code: 'repeated', text: '先ほどの回答では解決しなかった' }], hits: hits(['ship-010', 1.2, 1.4, 0.79, 0.7], ['ship-009', 1.1, 1.2, 0.78], ['order-004', 0.6, 0.4, 0.66]) })],
    [6.3, 'message', 'bot', { text: '度重なるご不便をおかけし、誠に申し訳ございません。担当者が代わって承ります。' }],
    [6.3, 'escalated', 'bot', { reason: 'furious' }],
    [6.3, 'queued', 'system', { ticket: 'A-27', position: 1, wait: { low: 20, high: 90 } }],
    [1.2, 'queued', 'system', { ticket: 'A-27', position: 1, wait: { low: 10, high: 60 }, late: true }],
  ]),
  chat('c_gift', { owner: { kind: 'queue', id: null, name: null }, ticket: 'A-28', reason: 'asked', mood: 'calm', queued_at: ago(2.4), customer: { id: 'cus_8812', name: '高橋 由美子', past: [{ conversation: 'c_past1', opened_at: days(40), closed_at: days(40), rating: 5 }, { conversation: 'c_past2', opened_at: days(181), closed_at: days(181), rating: null }] } }, [
    [8, 'opened', 'system', { locale: 'ja', page: 'https://shop.example.jp/items/donabe-8', customer: { id: 'cus_8812', name: '高橋 由美子' } }],
    [8, 'message', 'bot', { text: 'いらっしゃいませ。ご質問をどうぞ。' }],
    [5, 'message', 'shopper', { text: '結婚祝いに土鍋を2つ、別々の住所に送りたいのですが、のしの表書きをそれぞれ変えることはできますか？' }],
    [5, 'decided', 'bot', decided('offer', { confidence: 0.48, offers: [{ entry: 'gift-003', question: 'のしを付けられますか' }, { entry: 'gift-007', question: '複数の届け先に送れますか' }], reasons: [{ code: 'margin_small', text: '似た質問が2つあり、差が小さい' }, { code: 'two_questions', text: '1通に2つのご質問がある' }], hits: hits(['gift-003', 1.3, 1.5, 0.8, 0.77], ['gift-007', 1.25, 1.4, 0.81], ['gift-001', 0.8, 0.7, 0.7]) })],
    [5, 'message', 'bot', { text: 'ご質問は、次のどちらでしょうか。', offers: [{ entry: 'gift-003', question: 'のしを付けられますか' }, { entry: 'gift-007', question: '複数の届け先に送れますか' }], answers: 3 }],
    [4, 'chosen', 'shopper', { seq: 5, entry: 'gift-003', question: 'のしを付けられますか' }],
    [4, 'message', 'bot', { text: 'のしは無料でお付けします。表書きとお名前は、ご注文画面の「ギフト設定」でご指定ください。', entry: 'gift-003', answers: 6 }],
    [2.5, 'message', 'shopper', { text: 'それぞれ変えられるかどうかが知りたいので、担当の方お願いします' }],
    [2.4, 'escalated', 'system', { reason: 'asked' }],
    [2.4, 'queued', 'system', { ticket: 'A-28', position: 2, wait: { low: 60, high: 180 } }],
  ]),
  chat('c_en', { owner: { kind: 'queue', id: null, name: null }, ticket: 'A-29', reason: 'misses', mood: 'upset', locale: 'en', queued_at: ago(0.8) }, [
    [4, 'opened', 'system', { locale: 'en' }],
    [4, 'message', 'bot', { text: 'Welcome. How can we help?' }],
    [2, 'message', 'shopper', { text: 'I bought the santoku knife but the box says made for left hand. Is that an error? It is a present for tomorrow' }],
    [2, 'decided', 'bot', decided('decline', { confidence: 0.22, mood: { label: 'upset', score: 0.55, evidence: 'present for tomorrow' }, reasons: [{ code: 'nothing_found', text: '近い質問が見つからない' }], hits: hits(['tool-021', 0.5, 0.3, 0.62]) })],
    [2, 'message', 'bot', { text: 'I am sorry, I do not have a reliable answer to that. A person can help you.', answers: 3 }],
    [0.8, 'escalated', 'bot', { reason: 'misses' }],
    [0.8, 'queued', 'system', { ticket: 'A-29', position: 3, wait: { low: 120, high: 300 } }],
  ]),
  chat('c_mine', { owner: { kind: 'agent', id: 'u_sato', name: '佐藤' }, ticket: 'A-25', reason: 'misses', mood: 'upset', queued_at: ago(22), customer: { id: 'cus_104', name: '中村 健', past: [] }, page: 'https://shop.example.jp/items/iron-26' }, [
    [30, 'opened', 'system', { locale: 'ja', page: 'https://shop.example.jp/items/iron-26', customer: { id: 'cus_104', name: '中村 健' } }],
    [30, 'message', 'bot', { text: 'いらっしゃいませ。ご質問をどうぞ。' }],
    [26, 'message', 'shopper', { text: '鉄フライパンの赤サビがひどくて。買って3か月です。これって返品の対象になりますか？　それとも修理？' }],
    [26, 'decided', 'bot', decided('offer', { confidence: 0.44, mood: { label: 'upset', score: 0.58, evidence: '赤サビがひどくて' }, offers: [{ entry: 'care-004', question: '鉄フライパンのサビは落とせますか' }, { entry: 'return-001', question: '返品はできますか' }], reasons: [{ code: 'margin_small', text: '似た質問が2つあり、差が小さい' }], hits: hits(['care-004', 1.4, 1.6, 0.82, 0.79], ['return-001', 1.1, 1.2, 0.77], ['repair-002', 0.9, 0.8, 0.74]) })],
    [26, 'message', 'bot', { text: 'ご質問は、次のどちらでしょうか。', offers: [{ entry: 'care-004', question: '鉄フライパンのサビは落とせますか' }, { entry: 'return-001', question: '返品はできますか' }], answers: 3 }],
    [25, 'chosen', 'shopper', { seq: 5, entry: 'care-004', question: '鉄フライパンのサビは落とせますか' }],
    [25, 'message', 'bot', { text: 'サビは落とせます。\n\n1. 金たわしでサビをこすり落とします\n2. 空焼きして水分を飛ばします\n3. 油をなじませます\n\nくわしくは[お手入れの手順](/guide/iron)をご覧ください。', entry: 'care-004', answers: 6 }],
    [23, 'message', 'shopper', { text: 'それはもう2回やりました。翌日また出ます' }],
    [22.2, 'decided', 'bot', decided('escalate', { confidence: 0.31, mood: { label: 'upset', score: 0.72, evidence: 'もう2回やりました' }, reasons: [{ code: 'misses', text: '続けてお役に立てなかった' }], hits: hits(['care-004', 1.2, 1.1, 0.8, 0.78], ['repair-002', 1.0, 0.9, 0.76], ['return-001', 0.7, 0.6, 0.7]) })],
    [22, 'message', 'bot', { text: '担当者が代わって承ります。少々お待ちください。' }],
    [22, 'escalated', 'bot', { reason: 'misses' }],
    [22, 'queued', 'system', { ticket: 'A-25', position: 1, wait: { low: 30, high: 120 } }],
    [20, 'assigned', 'agent', {}, '佐藤'],
    [19.5, 'message', 'agent', { text: '中村様、お待たせいたしました。佐藤と申します。' }, '佐藤'],
    [19.4, 'message', 'agent', { text: 'お手入れを2回してくださったとのこと、お手数をおかけしました。サビの出ている場所がわかる写真を、このあとお送りするアドレス宛にいただけますでしょうか。' }, '佐藤'],
    [15, 'note', 'agent', { text: '7月ロットは表面の油膜が薄いと連絡あり（倉庫・小川さん）。写真で該当ロットなら無償交換可。' }, '佐藤'],
    [4, 'message', 'shopper', { text: '送りました！　ハンドルの付け根のところです' }],
    [3.2, 'message', 'shopper', { text: 'ロット番号は「26-07-B」って書いてあります' }],
  ]),
  chat('c_mine2', { owner: { kind: 'agent', id: 'u_sato', name: '佐藤' }, ticket: 'A-22', reason: 'asked', mood: 'calm', queued_at: ago(48), held: true }, [
    [50, 'opened', 'system', { locale: 'ja' }],
    [49, 'message', 'shopper', { text: '領収書の宛名を会社名に変更してほしいです' }],
    [48, 'escalated', 'system', { reason: 'asked' }],
    [48, 'queued', 'system', { ticket: 'A-22', position: 1, wait: null }],
    [46, 'assigned', 'agent', {}, '佐藤'],
    [45, 'message', 'agent', { text: '承知しました。経理に確認しますので、10分ほどお時間をいただけますか。' }, '佐藤'],
    [44, 'message', 'shopper', { text: '大丈夫です、お願いします' }],
    [43, 'message', 'agent', { text: 'ありがとうございます。確認が取れしだいご連絡します。' }, '佐藤'],
    [43, 'held', 'agent', { on: true }, '佐藤'],
  ]),
  chat('c_other', { owner: { kind: 'agent', id: 'u_tanaka', name: '田中' }, ticket: 'A-26', reason: 'topic', mood: 'upset', queued_at: ago(15) }, [
    [16, 'opened', 'system', { locale: 'ja' }],
    [15.5, 'message', 'shopper', { text: 'ガラス蓋が突然割れて指を切りました。どうしたらいいですか' }],
    [15, 'decided', 'bot', decided('escalate', { topic: 'injury', confidence: 0.2, mood: { label: 'upset', score: 0.6, evidence: '指を切りました' }, reasons: [{ code: 'topic_injury', text: 'おけがに関わるため、担当者が承る' }] })],
    [15, 'escalated', 'bot', { reason: 'topic' }],
    [15, 'queued', 'system', { ticket: 'A-26', position: 1, wait: null }],
    [14, 'assigned', 'agent', {}, '田中'],
  ]),
  chat('c_bot1', { owner: { kind: 'bot', id: null, name: null }, ticket: null, reason: null, queued_at: null }, [
    [1, 'opened', 'system', { locale: 'ja' }],
    [0.7, 'message', 'shopper', { text: '送料っていくら？' }],
    [0.6, 'decided', 'bot', decided('answer', { entry: 'ship-001', confidence: 0.96, hits: hits(['ship-001', 2.4, 3.1, 0.91, 0.88]) })],
    [0.6, 'message', 'bot', { text: '**全国一律550円**です。8,800円以上のお買い上げで無料になります。', entry: 'ship-001', answers: 2 }],
  ]),
];

const entry = (id, category, question, answer, variants, more = {}) => ({
  id, category, question, answer, variants, tags: [], valid_from: null, valid_until: null, translations: {}, revision: 3, live_revision: 3, state: 'live',
  updated_at: days(12), updated_by: '小川', history: [{ revision: 2, at: days(40), by: '木村', why: '料金改定', body: { question, answer: answer.replace('550円', '500円').replace('8日', '7日'), variants: variants.slice(0, 1), category, tags: [] } }], ...more,
});
export const entries = [
  entry('ship-001', '送料', '送料はいくらですか', '全国一律550円です。ただし**沖縄・離島は1,320円**です。商品の合計が8,800円以上で無料になります（沖縄・離島は差額の770円を頂きます）。大型品とクール便には追加の料金がかかります。', ['配送料金を教えてください', '送るのにいくらかかるの？', '送料'], { tags: ['送料', '全国一律'], translations: { en: { question: 'How much is shipping?', answer: 'A flat 550 yen anywhere in Japan; Okinawa and remote islands 1,320 yen.' } } }),
  entry('ship-002', '送料', '沖縄・離島への送料はいくらですか', '沖縄・離島への送料は1,320円です。', ['沖縄に送れますか'], { state: 'draft', revision: 4 }),
  entry('ship-009', '配送', '商品が届きません', 'お届け予定日を2日過ぎても届かない場合は、担当者がお調べいたします。配送状況は**マイページの「ご注文履歴」**からご確認いただけます。', ['荷物がまだ来ない', 'いつ届くの']),
  entry('ship-010', '配送', '「配達済み」なのに届いていません', '宅配ボックスと、ご家族・管理人の受け取りをご確認ください。見当たらない場合は、配送会社へ調査を依頼します。調査には1〜2日かかります。', ['届いてないのに配達完了になってる']),
  entry('gift-003', 'ギフト', 'のしを付けられますか', 'のしは無料でお付けします。表書きとお名前は、ご注文画面の「ギフト設定」でご指定ください。', ['熨斗', '表書きを指定したい']),
  entry('gift-007', 'ギフト', '複数の届け先に送れますか', '1回のご注文で、お届け先は10か所まで指定できます。のし・包装はお届け先ごとに選べます。送料はお届け先ごとにかかります。', ['別々の住所に送りたい']),
  entry('care-004', 'お手入れ', '鉄フライパンのサビは落とせますか', 'サビは落とせます。\n\n1. 金たわしでサビをこすり落とします\n2. 空焼きして水分を飛ばします\n3. 油をなじませます\n\nくわしくは[お手入れの手順](/guide/iron)をご覧ください。', ['赤サビが出た', 'サビの取り方']),
  entry('return-001', '返品・交換', '返品はできますか', '商品の到着後8日以内で、**未使用のもの**に限り返品をお受けします。返送料はお客さまのご負担です。不良品は当店が負担します。', ['返したい', '返品したいのですが', 'クーリングオフ']),
  entry('repair-002', '修理', '鉄器の修理はできますか', '鉄器のサビ・欠けの修理を承ります。見積もりは無料、期間は3〜4週間です。', ['直してもらえる？']),
  entry('tool-002', '商品', '土鍋はIHで使えますか', '土鍋は直火とオーブンでお使いいただけます。IHには対応しておりません。IHでお使いになる場合は、IH対応土鍋「ひだまり」をお選びください。', ['IH対応ですか']),
  entry('new-1', '返品・交換', '古い包丁を引き取ってもらえますか', '本店の店頭で、無料でお引き取りします（1回3本まで）。刃を厚紙で包んでお持ちください。', ['包丁の捨て方'], { state: 'draft', live_revision: null, revision: 1, history: [] }),
  entry('old-1', 'キャンペーン', '夏の送料無料キャンペーンはいつまでですか', '8月31日までです。', ['送料無料キャンペーン'], { valid_from: '2026-07-01', valid_until: '2026-08-31' }),
  ...Array.from({ length: 30 }, (_, at) => entry(`more-${String(at).padStart(3, '0')}`, ['会員', '支払い', '注文', '店舗'][at % 4], `${['ポイントの有効期限は', '支払い方法を変更', '注文をキャンセル', '営業時間を'][at % 4]}${at}`, '詳しくはご案内ページをご覧ください。', ['別の言い方'])),
];

export const proposals = [
  { id: 'p_1', kind: 'new', entry: null, question: '古い包丁を引き取ってもらえますか', answer: '古い包丁は本店の店頭でお引き取りしています。無料で、1回3本までです。他社の包丁でも構いません。刃を厚紙で包んでテープで留めてお持ちください。郵送でのお引き取りはしておりません。', conversations: 4, reasons: ['4件の会話で、担当者が同じ案内をした', '近いFAQがない（最も近いもの 0.41）'], said: [
    { conversation: 'tr-001', quotes: [{ from: 'shopper', text: 'こんにちは、〔氏名〕と申します。使わなくなった古い包丁が何本かあって、捨て方に困ってます。' }, { from: 'agent', text: '古い包丁は本店の店頭でお引き取りしています。無料で、1回3本までです。他社の包丁でも構いません。' }] },
    { conversation: 'tr-017', quotes: [{ from: 'shopper', text: '前の包丁って引き取ってもらえる？' }, { from: 'agent', text: 'はい、本店の店頭で無料でお引き取りします。1回に3本までです。' }] }], state: 'open', reason: null, created_at: ago(200), decided_at: null, decided_by: null },
  { id: 'p_2', kind: 'correction', entry: 'return-001', question: '返品はできますか', answer: '商品の到着後14日以内で、**未使用のもの**に限り返品をお受けします。返送料はお客さまのご負担です。不良品は当店が負担します。', conversations: 3, reasons: ['担当者の案内が公開中の回答と食い違う（8日 → 14日）'], said: [{ conversation: 'tr-022', quotes: [{ from: 'shopper', text: '10日前に届いたものですが返品できますか' }, { from: 'agent', text: '10月から到着後14日以内に延びましたので、お受けできます。' }] }], state: 'open', reason: null, created_at: ago(300), decided_at: null, decided_by: null },
  { id: 'p_3', kind: 'variant', entry: 'ship-010', question: '置き配の写真が違う家なんですけど', answer: '', conversations: 2, reasons: ['2件の会話で、この言い方では見つからなかった'], said: [{ conversation: 'tr-031', quotes: [] }, { conversation: 'tr-044', quotes: [] }], state: 'open', reason: null, created_at: ago(500), decided_at: null, decided_by: null },
];
export const releases = [
  { id: 'r_0012', created_at: days(3), by: '小川', state: 'live', entries: 151, note: '送料の改定', check: { asked: 151, found: 151, worse: false, lost: [], changes: [] }, error: null, usable: true },
  { id: 'r_0011', created_at: days(12), by: '木村', state: 'superseded', entries: 149, note: null, check: { asked: 149, found: 147, worse: false, lost: [{ text: '沖縄への送料', entry: 'ship-002' }], changes: [{ text: '離島だといくら', before: 'answer ship-002', after: 'offer' }] }, error: null, usable: true },
  { id: 'r_0010', created_at: days(13), by: '木村', state: 'failed', entries: 149, note: '秋の新商品', check: null, error: 'The check found 9 worse answers; nothing was published.', usable: false },
];
const dates = Array.from({ length: 30 }, (_, at) => days(29 - at).slice(0, 10));
export const statistics = { from: dates[0], to: dates.at(-1), conversations: 812, turns: 1964, answered: 1204, offered: 286, declined: 214, escalated: 171, social: 89,
  reasons: { asked: 74, misses: 41, wish: 29, furious: 18, topic: 9 }, assigned: 165, contacts: 12, closed: 790, helpful: 402, unhelpful: 61, ratings: { n: 143, mean: 4.31 }, wait_seconds: { n: 165, median: 84 },
  days: dates.map((day, at) => ({ day, answered: 30 + ((at * 7) % 23), offered: 6 + (at % 7), declined: 4 + ((at * 3) % 6), escalated: 3 + (at % 5), social: at % 4 })) };
