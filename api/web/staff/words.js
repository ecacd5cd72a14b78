/** What console and studio both say. */
import { words } from '../shared/words.js';

const ja = {
  product: '取次', desk: 'デスク', studio: 'スタジオ', skip: '本文へ移動',
  sign_in: 'ログイン', sign_in_desk: '担当者用コンソール', sign_in_studio: 'FAQ編集スタジオ',
  email: 'メールアドレス', password: 'パスワード', signing_in: '確認しています…',
  bad_credentials: 'メールアドレスかパスワードが違います。', need_both: 'メールアドレスとパスワードを入力してください。',
  session_over: 'ログインの有効期限が切れました。もう一度ログインしてください。書きかけの文は残っています。',
  starting: '読み込んでいます…', unreachable: 'サーバーに接続できません', unreachable_text: 'ネットワークを確認してください。つながりしだい表示します。',
  again: 'もう一度試す', sign_out: 'ログアウト', language: '表示言語', theme: '配色', auto: '自動', light: '明るい', dark: '暗い',
  send_key: '送信キー', enter: 'Enter', mod_enter: 'Ctrl + Enter', account: 'アカウントと設定',
  role_agent: '担当者', role_supervisor: 'スーパーバイザー', role_editor: 'FAQ編集者', role_admin: '管理者',
  close: '閉じる', cancel: 'キャンセル', ok: 'OK', save: '保存', no_role: 'この画面を使う権限がありません',
  no_role_text: (other) => `ご自分の役割では「${other}」をお使いいただけます。`,
  answer: '回答', offer: '候補の提示', decline: '回答なし', escalate: '担当者へ', social: 'あいさつ',
  said_answer: (q) => `「${q}」のご質問と判断し、承認済みの回答を案内しました。`,
  said_offer: (n) => `ご質問を1つに絞れず、${n}件の候補を示して選んでいただきました。`,
  said_decline: '確かに答えられる内容が見つからず、担当者につなぐ方法を案内しました。',
  said_escalate: '自動の回答は控え、担当者へつなぎました。',
  said_social: 'あいさつと受け取り、あいさつを返しました。',
  confidence: '確信度', sure_high: '高い', sure_middle: 'やや低い', sure_low: '低い',
  confidence_text: (p) => `上位の回答が当てはまる見込み ${p}%`,
  mood: 'お気持ち', calm: '平静', upset: '不満・不安', furious: '強い怒り', evidence: (text) => `「${text}」`,
  wish: '担当者の希望', wish_yes: '希望あり', wish_no: 'なし', topic: '扱いに注意する話題',
  topic_injury: 'けが・製品の危険', topic_legal: '法的な話', topic_fraud: '不正・詐欺', topic_privacy: '個人情報の請求',
  'topic_self-harm': '自傷のおそれ', topic_attack: '攻撃的な入力', topic_abuse: '暴言・脅し', topic_threat: '脅し',
  reasons: '判断の理由', candidates: '検討したFAQ', no_candidates: '当てはまりそうなFAQはありませんでした。',
  why_parts: '根拠', side: '照合のしかた', question_words: '質問の語', answer_words: '回答の語', characters: '文字の並び', readings: '読み',
  question_vector: '質問の意味', answer_vector: '回答の意味', joint: '併読', score: '一致', match: '一致した所',
  e_unreachable: '接続できませんでした。電波やネットワークをご確認ください。', e_timeout: 'サーバーの応答がありませんでした。もう一度お試しください。',
  e_forbidden: 'この操作の権限がありません。', e_not_found: '見つかりませんでした。', e_busy: '混み合っています。少し待ってからお試しください。',
  e_rate_limited: '操作が続いたため、少し時間をおいてください。', e_csrf_failed: 'ページを開き直してください。',
  e_other: (detail) => `うまくいきませんでした。${detail}`,
};

const en = {
  product: 'Toritsugi', desk: 'Desk', studio: 'Studio', skip: 'Skip to content',
  sign_in: 'Sign in', sign_in_desk: 'Agent console', sign_in_studio: 'FAQ studio',
  email: 'E-mail', password: 'Password', signing_in: 'Checking…',
  bad_credentials: 'The e-mail address or password is wrong.', need_both: 'Please enter both e-mail and password.',
  session_over: 'Your session has ended. Please sign in again; what you were writing has been kept.',
  starting: 'Loading…', unreachable: 'Cannot reach the server', unreachable_text: 'Please check the network. The page goes on by itself once it is back.',
  again: 'Try again', sign_out: 'Sign out', language: 'Language', theme: 'Colours', auto: 'Auto', light: 'Light', dark: 'Dark',
  send_key: 'Send with', enter: 'Enter', mod_enter: 'Ctrl + Enter', account: 'Account and settings',
  role_agent: 'Agent', role_supervisor: 'Supervisor', role_editor: 'Editor', role_admin: 'Administrator',
  close: 'Close', cancel: 'Cancel', ok: 'OK', save: 'Save', no_role: 'You may not use this page',
  no_role_text: (other) => `Your role can use “${other}”.`,
  answer: 'Answered', offer: 'Offered', decline: 'No answer', escalate: 'To a person', social: 'Courtesy',
  said_answer: (q) => `Understood as “${q}” and gave the approved answer.`,
  said_offer: (n) => `Could not settle on one question and offered ${n} to choose from.`,
  said_decline: 'Found nothing it could answer with confidence and pointed to a person.',
  said_escalate: 'Did not answer by itself and handed over to a person.',
  said_social: 'Took it as courtesy and replied in kind.',
  confidence: 'Confidence', sure_high: 'high', sure_middle: 'fair', sure_low: 'low',
  confidence_text: (p) => `${p}% likely that the first one answers it`,
  mood: 'Mood', calm: 'Calm', upset: 'Upset', furious: 'Furious', evidence: (text) => `“${text}”`,
  wish: 'Wants a person', wish_yes: 'Yes', wish_no: 'No', topic: 'Delicate topic',
  topic_injury: 'Injury or product danger', topic_legal: 'Legal', topic_fraud: 'Fraud', topic_privacy: 'Privacy request',
  'topic_self-harm': 'Self-harm', topic_attack: 'Attack', topic_abuse: 'Abuse or threat', topic_threat: 'Threat',
  reasons: 'Why', candidates: 'FAQ considered', no_candidates: 'No FAQ came close.',
  why_parts: 'Evidence', side: 'Way of matching', question_words: 'Question words', answer_words: 'Answer words', characters: 'Characters', readings: 'Readings',
  question_vector: 'Question meaning', answer_vector: 'Answer meaning', joint: 'Read together', score: 'Match', match: 'What matched',
  e_unreachable: 'Could not connect. Please check the network.', e_timeout: 'The server did not answer. Please try again.',
  e_forbidden: 'You may not do this.', e_not_found: 'Not found.', e_busy: 'Busy right now. Please try again shortly.',
  e_rate_limited: 'Too many requests; please wait a moment.', e_csrf_failed: 'Please reload the page.',
  e_other: (detail) => `That did not work. ${detail}`,
};

/** @param {'ja' | 'en'} locale @param {{ja: object, en: object}} [more] a page's own words */
export function staffWords(locale, more = { ja: {}, en: {} }) {
  return words({ ja: { ...ja, ...more.ja }, en: { ...en, ...more.en } }, locale);
}

/** @param {(key: string, ...given: any[]) => string} say @param {any} problem @returns {string} one sentence for people */
export function sayProblem(say, problem) {
  const code = problem?.status === 503 ? 'busy' : problem?.code;
  const key = `e_${code}`;
  const text = code ? say(key) : key;
  return text === key ? say('e_other', problem?.message ?? '') : text;
}
