/**
 * How the widget looks. Shops theme it by these variables, set on `toritsugi-chat`:
 *   --toritsugi-accent, --toritsugi-accent-dark   buttons and marks, in light and dark
 *   --toritsugi-on-accent, --toritsugi-on-accent-dark   what stands on them
 *   --toritsugi-paper, --toritsugi-ink (each a light-dark() or one colour), --toritsugi-font, --toritsugi-radius
 * The sheet is constructed, so a page's `style-src 'self'` has nothing to refuse.
 */
const css = String.raw;
export const sheet = new CSSStyleSheet();

sheet.replaceSync(css`
:host {
  --accent: light-dark(var(--toritsugi-accent, #2d4a6d), var(--toritsugi-accent-dark, #a3c0e4));
  --on-accent: light-dark(var(--toritsugi-on-accent, #fff), var(--toritsugi-on-accent-dark, #10161d));
  --paper: var(--toritsugi-paper, light-dark(#fffefb, #1d1c1a));
  --ink: var(--toritsugi-ink, light-dark(#2b2926, #ece8e1));
  --ground: color-mix(in srgb, var(--paper) 95%, var(--ink));
  --soft: color-mix(in srgb, var(--paper) 24%, var(--ink));
  --edge: color-mix(in srgb, var(--paper) 52%, var(--ink));
  --line: 1px solid color-mix(in srgb, var(--paper) 87%, var(--ink));
  --mine: color-mix(in srgb, var(--paper) 86%, var(--accent));
  --bad: light-dark(#a3321f, #f0a494);
  --round: var(--toritsugi-radius, 16px);
  --shade: 0 12px 40px rgb(30 24 16 / .2);
  position: fixed; z-index: 2147483000; inset: auto 20px 20px auto; color-scheme: light dark; color: var(--ink);
  font: 400 15px/1.75 var(--toritsugi-font, "Hiragino Sans", "Hiragino Kaku Gothic ProN", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", Meiryo, system-ui, sans-serif);
  letter-spacing: .015em; text-align: start; line-break: strict; overflow-wrap: anywhere; text-autospace: normal;
}
:host([data-theme="light"]) { color-scheme: light }
:host([data-theme="dark"]) { color-scheme: dark }
:host([data-side="left"]) { inset: auto auto 20px 20px }
* { box-sizing: border-box }
[hidden] { display: none !important }
.sr { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
button, input, textarea { font: inherit; letter-spacing: inherit; color: inherit }
button { cursor: pointer; border: 0; background: none; padding: 0 }
button:disabled { cursor: default; opacity: .55 }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
h2, h3, p, dl, dd, ul, ol { margin: 0 }
.icon { width: 22px; height: 22px; flex: none }
.menu, .launcher, .panel, .latest { box-shadow: var(--shade) }
.person, .offer, .suggestion, .chip, .box, .score span, .field input, .field textarea { border: 1px solid var(--edge); background: var(--paper) }
:is(.person, .offer, .suggestion, .chip):hover:enabled, [aria-pressed] { border-color: var(--accent); background: var(--mine) }
.standing, .day, .line, .who, .at, .helpful, .note, .label, .keys, dt, label, .optional, .quiet, .ends { color: var(--soft); font-size: 12.5px; line-height: 1.65 }

.launcher { position: relative; display: flex; align-items: center; gap: 10px; min-height: 54px; padding: 0 22px 0 18px; border-radius: 27px;
  background: var(--accent); color: var(--on-accent); font-weight: 600; letter-spacing: .05em }
.badge { position: absolute; inset: -5px -3px auto auto; min-width: 22px; padding: 0 6px; border-radius: 11px; background: light-dark(#b3301c, #ffb4a5);
  color: light-dark(#fff, #3a0d06); font-size: 12px; line-height: 22px; letter-spacing: 0 }

.panel { position: relative; display: flex; flex-direction: column; width: clamp(400px, 30vw, 520px); height: min(760px, 100dvh - 40px); overflow: hidden; border: var(--line);
  border-radius: calc(var(--round) + 4px); background: var(--paper); animation: rise .24s }
@keyframes rise { from { opacity: 0; translate: 0 14px } }
.head { position: relative; display: flex; align-items: center; gap: 8px; padding: 14px 10px 14px 20px; border-bottom: var(--line) }
.naming { flex: 1; min-width: 0 }
h2 { font-size: 16px; font-weight: 600; line-height: 1.4; letter-spacing: .06em }
.standing::before { content: ""; display: inline-block; width: 7px; height: 7px; margin-inline-end: 7px; border-radius: 50%; vertical-align: .08em; background: var(--edge) }
.standing.agent::before { background: #3d9963 }
.standing.queue::before { background: #c98a2b }
.tools, .box, .scores, .row { display: flex }
.round, .send { display: grid; place-items: center; width: 38px; height: 38px; border-radius: 50%; color: var(--soft); flex: none }
.round:hover, .menu button:hover { background: var(--ground); color: var(--ink) }
.menu { position: absolute; z-index: 3; inset: calc(100% - 6px) 12px auto auto; min-width: 230px; padding: 6px; border: var(--line); border-radius: 12px; background: var(--paper) }
.menu button { display: block; width: 100%; min-height: 44px; padding: 6px 14px; border-radius: 8px; text-align: start; font-size: 14px }
.banner { display: flex; flex-wrap: wrap; gap: 4px 12px; padding: 9px 20px; font-size: 13px; line-height: 1.6; background: light-dark(#fbf1dc, #3a2f1a); color: light-dark(#5f4410, #f3deb0) }

.middle { position: relative; flex: 1; min-height: 0; display: flex }
.log { position: relative; flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 18px 18px 22px; scrollbar-width: thin }
.day { display: flex; align-items: center; gap: 14px; margin: 6px 0 16px; letter-spacing: .08em }
.day::before, .day::after { content: ""; flex: 1; border-top: var(--line) }
.line, .loading, .centred { margin: 18px 0; text-align: center }
.turn { display: flex; gap: 10px; margin-top: 6px }
.turn.first { margin-top: 18px }
.turn.shopper { justify-content: end }
.mark { width: 30px; height: 30px; flex: none; border-radius: 50%; line-height: 30px; text-align: center; font-size: 14px; font-weight: 600; letter-spacing: 0 }
.first > .mark { background: var(--ground); color: var(--soft) }
.first.bot > .mark { border-radius: 9px; background: var(--accent); color: var(--on-accent) }
.typing > .mark { visibility: hidden }
.words { min-width: 0; max-width: min(84%, 34em); display: flex; flex-direction: column; align-items: start }
.shopper > .words { align-items: end }
.bubble { max-width: 100%; margin-top: 3px; padding: 9px 15px 10px; border: 1px solid transparent; border-radius: 4px 16px 16px; background: var(--ground); overflow: clip }
.shopper .bubble { border-radius: 16px 4px 16px 16px; background: var(--mine) }
.turn:not(.first) .bubble { border-radius: 16px }
.agent .bubble { background: none; border: var(--line) }
.md p { white-space: pre-wrap; text-wrap: pretty }
.md > * + * { margin-top: .6em }
.md :is(ul, ol) { padding-inline-start: 1.35em }
a, .link { color: var(--accent); text-decoration: underline; text-underline-offset: .25em }
.link { padding: 6px 0; font-size: 13px; text-align: start }
.at { margin: 3px 4px 0; font-size: 11.5px; font-variant-numeric: tabular-nums }
.offers, .suggestions { display: grid; gap: 8px; width: 100%; margin-top: 10px }
.offer, .suggestion { min-height: 44px; padding: 8px 15px; border-radius: 12px; text-align: start; font-size: 14px; line-height: 1.6 }
.helpful { display: flex; flex-wrap: wrap; align-items: center; gap: 8px; margin-top: 8px }
.chip { min-height: 32px; padding: 2px 15px; border-radius: 20px; font-size: 12.5px; color: var(--ink) }
.stuck .bubble { background: none; border: 1px dashed var(--bad) }
.why, .error { color: var(--bad); font-size: 12.5px }
.why { display: flex; flex-wrap: wrap; align-items: center; justify-content: end; gap: 0 10px }
.dots { display: inline-flex; gap: 5px; margin-inline-end: 10px }
.dots i { width: 6px; height: 6px; border-radius: 50%; background: var(--soft); animation: breathe 1.4s infinite both }
.dots i:nth-child(2) { animation-delay: .18s }
.dots i:nth-child(3) { animation-delay: .36s }
@keyframes breathe { 0%, 70%, 100% { opacity: .25 } 35% { opacity: 1 } }
.latest { position: absolute; inset: auto auto 12px 50%; translate: -50%; padding: 6px 16px; border-radius: 20px; background: var(--ink); color: var(--paper); font-size: 13px }

.foot { flex: none; max-height: calc(100% - 64px); padding: 10px 14px max(8px, env(safe-area-inset-bottom)); border-top: var(--line); overflow-y: auto; overscroll-behavior: contain }
.door { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 8px }
.person { display: flex; align-items: center; gap: 7px; min-height: 36px; padding: 0 15px 0 11px; border-radius: 22px; font-size: 13.5px }
.person .icon { width: 18px; color: var(--accent) }
.suggestions { gap: 6px; margin: 0 0 8px; max-height: 232px; overflow-y: auto }
.suggestion { min-height: 38px; padding: 5px 13px; font-size: 13.5px }
.box { align-items: end; gap: 6px; padding: 5px 5px 5px 15px; border-radius: 26px }
.box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent) }
.box textarea { flex: 1; min-width: 0; max-height: 148px; padding: 6px 0; border: 0; background: none; resize: none; outline: 0; line-height: 1.7; field-sizing: content }
::placeholder { color: var(--soft); opacity: 1 }
.send, .strong, .score :checked + span { background: var(--accent); color: var(--on-accent) }
.send:disabled { background: var(--ground); color: var(--soft); opacity: 1 }
.keys { min-height: 19px; margin-top: 4px; padding-inline: 15px; font-size: 11.5px }

.card { margin: 2px 0 10px; padding: 14px 16px; border: var(--line); border-radius: var(--round); background: var(--ground) }
h3 { font-size: 14.5px; font-weight: 600; letter-spacing: .04em }
.note { margin-top: 4px; text-wrap: pretty }
dl { display: flex; gap: 8px }
dl > div { flex: 1 }
dd { font-size: 17px; font-weight: 600; line-height: 1.5; font-variant-numeric: tabular-nums }
.row { flex-wrap: wrap; gap: 2px 20px; margin-top: 4px }
.end { justify-content: end; gap: 10px; margin-top: 12px }
.strong, .quiet { min-height: 40px; padding: 0 20px; border-radius: 22px; font-size: 14px }
.strong { font-weight: 600 }
.field { margin-top: 10px }
.optional { margin-inline-start: 8px }
.field input, .field textarea { display: block; width: 100%; padding: 8px 12px; border-radius: 10px; line-height: 1.6; resize: vertical }
.field [aria-invalid="true"] { border-color: var(--bad) }
.scores { gap: 8px; margin-top: 10px }
.score { position: relative; flex: 1; font-size: 16px }
.score input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer }
.score span { display: grid; place-items: center; height: 44px; border-radius: 12px; color: var(--ink) }
.score :focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px }
.ends { display: flex; justify-content: space-between; margin-top: 4px }

@media (max-width: 600px) {
  :host { inset: auto 14px max(14px, env(safe-area-inset-bottom)) auto }
  .panel { position: fixed; inset: 0 0 auto; width: 100%; height: var(--seen, 100dvh); border: 0; border-radius: 0 }
  .round, .send { width: 44px; height: 44px }
  .head { padding: 8px 6px 8px 18px }
  .person, .suggestion, .link, .strong, .quiet, .chip { min-height: 44px }
  .chip { padding-inline: 18px }
  textarea, input { font-size: 16px }
  }
@media (prefers-reduced-motion: reduce) { * { animation: none !important;  } }
@media print { :host { display: none } }
`);
