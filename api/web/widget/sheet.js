/**
 * How the widget looks. Shops theme it by these variables, set on `toritsugi-chat`:
 *   --toritsugi-accent, --toritsugi-accent-dark   buttons and marks, in light and dark
 *   --toritsugi-on-accent, --toritsugi-on-accent-dark   what stands on them
 *   --toritsugi-paper, --toritsugi-ink (each a light-dark() or one colour), --toritsugi-font, --toritsugi-radius
 * The sheet is constructed, so a page's `style-src 'self'` has nothing to refuse.
 */
export const sheet = new CSSStyleSheet();

sheet.replaceSync(`
:host {
  --accent: light-dark(var(--toritsugi-accent, #2d4a6d), var(--toritsugi-accent-dark, #a3c0e4));
  --on-accent: light-dark(var(--toritsugi-on-accent, #fff), var(--toritsugi-on-accent-dark, #10161d));
  --paper: var(--toritsugi-paper, light-dark(#fffefb, #1d1c1a));
  --ink: var(--toritsugi-ink, light-dark(#2b2926, #ece8e1));
  --ground: color-mix(in srgb, var(--paper) 95%, var(--ink));
  --soft: color-mix(in srgb, var(--ink) 68%, var(--paper));
  --line: color-mix(in srgb, var(--ink) 13%, var(--paper));
  --edge: color-mix(in srgb, var(--ink) 48%, var(--paper));
  --mine: color-mix(in srgb, var(--accent) 14%, var(--paper));
  --theirs: color-mix(in srgb, var(--ink) 5%, var(--paper));
  --bad: light-dark(#a3321f, #f0a494);
  --round: var(--toritsugi-radius, 16px);
  --shade: 0 1px 2px rgb(30 24 16 / .08), 0 12px 40px rgb(30 24 16 / .18);
  position: fixed; z-index: 2147483000; inset: auto 20px 20px auto;
  color-scheme: light dark;
  font: 400 15px/1.75 var(--toritsugi-font, "Hiragino Sans", "Hiragino Kaku Gothic ProN", "Noto Sans JP", "Noto Sans CJK JP", "BIZ UDPGothic", "Yu Gothic UI", Meiryo, system-ui, sans-serif);
  letter-spacing: .015em; color: var(--ink); text-align: start; line-break: strict; overflow-wrap: anywhere;
  text-autospace: normal; -webkit-text-size-adjust: 100%;
}
:host([data-theme="light"]) { color-scheme: light }
:host([data-theme="dark"]) { color-scheme: dark }
:host([data-side="left"]) { inset: auto auto 20px 20px }
*, *::before, *::after { box-sizing: border-box }
[hidden] { display: none !important }
.sr { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap }
button, input, textarea { font: inherit; letter-spacing: inherit; color: inherit }
button { cursor: pointer; border: 0; background: none; padding: 0 }
button:disabled { cursor: default; opacity: .55 }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
h2, h3, p, dl, dd { margin: 0 }
.icon { width: 22px; height: 22px; flex: none }

.launch { display: flex; flex-direction: column; align-items: flex-end; gap: 12px }
:host([data-side="left"]) .launch { align-items: flex-start }
.launcher { position: relative; display: flex; align-items: center; gap: 10px; min-height: 54px; padding: 0 22px 0 18px;
  border-radius: 27px; background: var(--accent); color: var(--on-accent); box-shadow: var(--shade); font-weight: 600;
  letter-spacing: .05em; transition: transform .18s ease }
.launcher:hover { transform: translateY(-2px) }
.launcher:focus-visible { outline-offset: 3px }
.badge { position: absolute; inset: -5px -3px auto auto; min-width: 22px; height: 22px; padding: 0 6px; border-radius: 11px;
  background: light-dark(#b3301c, #ffb4a5); color: light-dark(#fff, #3a0d06); font-size: 12px; line-height: 22px; text-align: center; letter-spacing: 0 }
.peek { display: flex; align-items: flex-start; gap: 4px; max-width: min(320px, calc(100vw - 40px)); padding: 12px 6px 12px 16px;
  border: 1px solid var(--line); border-radius: var(--round); background: var(--paper); box-shadow: var(--shade) }
.peek-text { display: grid; text-align: start; font-size: 14px; line-height: 1.65 }
.peek-text b { font-size: 12px; font-weight: 600; color: var(--soft) }
.peek-text span { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 3; overflow: hidden }

.panel { position: relative; display: flex; flex-direction: column; width: 400px; height: min(680px, calc(100dvh - 40px));
  overflow: hidden; border: 1px solid var(--line); border-radius: calc(var(--round) + 4px); background: var(--paper);
  box-shadow: var(--shade); animation: rise .24s cubic-bezier(.2, .8, .2, 1) }
.panel.wide { width: min(720px, calc(100vw - 40px)); height: min(860px, calc(100dvh - 40px)) }
@keyframes rise { from { opacity: 0; transform: translateY(14px) } }

.head { position: relative; display: flex; align-items: center; gap: 8px; padding: 14px 10px 14px 20px; border-bottom: 1px solid var(--line) }
.naming { flex: 1; min-width: 0 }
h2 { font-size: 16px; font-weight: 600; line-height: 1.4; letter-spacing: .06em; outline-offset: 4px }
.standing { font-size: 12.5px; line-height: 1.5; color: var(--soft) }
.standing::before { content: ""; display: inline-block; width: 7px; height: 7px; margin-inline-end: 7px; border-radius: 50%;
  vertical-align: .08em; background: var(--edge) }
.standing.agent::before { background: light-dark(#2f7d4f, #7fd0a0) }
.standing.queue::before { background: light-dark(#b7791f, #f0c674) }
.tools { display: flex }
.round { display: grid; place-items: center; width: 40px; height: 40px; border-radius: 50%; color: var(--soft); flex: none }
.round:hover { background: var(--ground); color: var(--ink) }
.menu { position: absolute; z-index: 3; inset: calc(100% - 6px) 12px auto auto; min-width: 230px; padding: 6px; border: 1px solid var(--line);
  border-radius: 12px; background: var(--paper); box-shadow: var(--shade) }
.menu button { display: block; width: 100%; min-height: 44px; padding: 6px 14px; border-radius: 8px; text-align: start; font-size: 14px }
.menu button:hover { background: var(--ground) }

.banner { display: flex; flex-wrap: wrap; gap: 4px 12px; padding: 9px 20px; font-size: 13px; line-height: 1.6;
  background: light-dark(#fbf1dc, #3a2f1a); color: light-dark(#5f4410, #f3deb0); border-bottom: 1px solid light-dark(#eeddb8, #524222) }
.banner.alone { max-width: 320px; border: 0; border-radius: 12px; box-shadow: var(--shade) }

.middle { position: relative; flex: 1; min-height: 0; display: flex }
.log { flex: 1; overflow-y: auto; overscroll-behavior: contain; padding: 18px 18px 22px; scrollbar-width: thin; position: relative }
.log:focus-visible { outline-offset: -3px }
.day { display: flex; align-items: center; gap: 14px; margin: 6px 0 16px; color: var(--soft); font-size: 12px; letter-spacing: .08em }
.day::before, .day::after { content: ""; flex: 1; height: 1px; background: var(--line) }
.line { margin: 18px 0; text-align: center; font-size: 12.5px; line-height: 1.7; color: var(--soft) }
.turn { display: flex; gap: 10px; margin-top: 6px }
.turn.first { margin-top: 18px }
.turn.shopper { justify-content: flex-end }
.mark { width: 30px; flex: none; align-self: flex-start; height: 30px; line-height: 30px; text-align: center; font-size: 14px; font-weight: 600; letter-spacing: 0 }
.first > .mark { border-radius: 50%; background: var(--ground); color: var(--soft); border: 1px solid var(--line); line-height: 28px }
.first.bot > .mark { border-radius: 9px; background: var(--accent); border-color: transparent; color: var(--on-accent) }
.typing > .mark { visibility: hidden }
.words { min-width: 0; max-width: min(84%, 34em); display: flex; flex-direction: column; align-items: flex-start }
.shopper > .words { align-items: flex-end }
.who { margin-bottom: 3px; font-size: 12px; line-height: 1.5; color: var(--soft) }
.bubble { max-width: 100%; padding: 9px 15px 10px; border-radius: 4px 16px 16px; background: var(--theirs); overflow: clip }
.shopper .bubble { border-radius: 16px 4px 16px 16px; background: var(--mine) }
.turn:not(.first) .bubble { border-radius: 16px }
.agent .bubble { background: var(--paper); border: 1px solid var(--line) }
.md { white-space: normal; unicode-bidi: isolate }
.md p { white-space: pre-wrap; text-wrap: pretty }
.md > * + * { margin-top: .6em }
.md ul, .md ol { margin-block: 0; padding-inline-start: 1.35em }
.md li + li { margin-top: .25em }
.md li::marker { color: var(--soft) }
.md strong { font-weight: 650 }
.md code { font: .92em/1.5 ui-monospace, Menlo, monospace; padding: .1em .35em; border-radius: 4px; background: color-mix(in srgb, var(--ink) 8%, transparent) }
.md a, .link { color: light-dark(color-mix(in srgb, var(--accent) 88%, #000), var(--accent)); text-decoration: underline; text-decoration-thickness: 1px; text-underline-offset: .25em }
.md a:hover, .link:hover { text-decoration-thickness: 2px }
.link { padding: 6px 0; font-size: 13px; text-align: start }
.at { margin: 4px 4px 0; font-size: 11.5px; line-height: 1.5; color: var(--soft); font-variant-numeric: tabular-nums }
.offers { display: grid; gap: 8px; width: 100%; margin-top: 10px }
.offer, .suggestion { min-height: 44px; padding: 8px 15px; border: 1px solid var(--edge); border-radius: 12px; background: var(--paper);
  text-align: start; font-size: 14px; line-height: 1.6; transition: background .15s, border-color .15s }
.offer:hover:enabled, .suggestion:hover { background: var(--mine); border-color: var(--accent) }
.offer[aria-pressed] { border-color: var(--accent); background: var(--mine); opacity: 1 }
.helpful { display: flex; flex-wrap: wrap; align-items: center; gap: 6px 8px; margin-top: 8px; font-size: 12.5px; color: var(--soft) }
.chip { min-height: 32px; padding: 2px 15px; border: 1px solid var(--edge); border-radius: 16px; font-size: 12.5px; color: var(--ink) }
.chip:hover { border-color: var(--accent); background: var(--mine) }
.stuck .bubble { background: none; border: 1px dashed var(--bad) }
.why { display: flex; flex-wrap: wrap; align-items: center; justify-content: flex-end; gap: 0 10px; margin-top: 2px; font-size: 12.5px; color: var(--bad) }
.why .icon { width: 16px; height: 16px; margin-inline-end: -5px }
.dots { display: inline-flex; gap: 5px; margin-inline-end: 10px }
.dots i, .loading i { width: 6px; height: 6px; border-radius: 50%; background: var(--soft); animation: breathe 1.4s infinite both }
.dots i:nth-child(2), .loading i:nth-child(2) { animation-delay: .18s }
.dots i:nth-child(3), .loading i:nth-child(3) { animation-delay: .36s }
.doing { font-size: 13px; color: var(--soft) }
.loading { display: flex; gap: 7px; justify-content: center; padding: 40px 0 }
@keyframes breathe { 0%, 70%, 100% { opacity: .25 } 35% { opacity: 1 } }
.earlier { display: block; margin: 0 auto 12px }
.latest { position: absolute; inset: auto auto 12px 50%; translate: -50%; display: flex; align-items: center; gap: 6px; min-height: 36px; padding: 0 16px 0 10px;
  border-radius: 18px; background: var(--ink); color: var(--paper); font-size: 13px; box-shadow: var(--shade) }
.latest .icon { width: 18px; height: 18px }

.foot { border-top: 1px solid var(--line); padding: 10px 14px 8px; padding-bottom: max(8px, env(safe-area-inset-bottom)); max-height: 72%; overflow-y: auto; overscroll-behavior: contain; flex: none }
.door { display: flex; flex-wrap: wrap; gap: 8px; margin-bottom: 8px }
.person { display: flex; align-items: center; gap: 7px; min-height: 36px; padding: 0 15px 0 11px; border: 1px solid var(--edge); border-radius: 18px; font-size: 13.5px }
.person .icon { width: 18px; height: 18px; color: var(--accent) }
.person:hover:enabled { border-color: var(--accent); background: var(--mine) }
.suggestions { display: grid; gap: 6px; margin-bottom: 8px; max-height: 232px; overflow-y: auto }
.suggestions .label { font-size: 12px; color: var(--soft) }
.suggestion { min-height: 38px; padding: 5px 13px; border-color: var(--line); font-size: 13.5px }
.box { display: flex; align-items: flex-end; gap: 6px; padding: 5px 5px 5px 15px; border: 1px solid var(--edge); border-radius: 22px; background: var(--paper) }
.box:focus-within { border-color: var(--accent); box-shadow: 0 0 0 1px var(--accent) }
.box textarea { flex: 1; min-width: 0; min-height: 34px; max-height: 148px; padding: 4px 0; border: 0; background: none; resize: none; outline: none; line-height: 1.7; field-sizing: content }
textarea::placeholder, input::placeholder { color: var(--soft); opacity: 1 }
.send { display: grid; place-items: center; width: 34px; height: 34px; border-radius: 50%; background: var(--accent); color: var(--on-accent); flex: none }
.send:disabled { background: var(--ground); color: var(--soft); opacity: 1 }
.keys { min-height: 18px; margin-top: 4px; padding-inline: 15px; font-size: 11.5px; line-height: 18px; color: var(--soft) }

.card { margin: 2px 0 10px; padding: 14px 16px; border: 1px solid var(--line); border-radius: var(--round); background: var(--ground) }
.card h3 { font-size: 14.5px; font-weight: 600; letter-spacing: .04em }
.note { margin-top: 4px; font-size: 12.5px; line-height: 1.7; color: var(--soft); text-wrap: pretty }
.note.centred { text-align: center; margin: 0 0 8px }
.waiting dl { display: flex; gap: 8px; margin-bottom: 6px }
.waiting dl > div { flex: 1; min-width: 0 }
.waiting dt { font-size: 11.5px; line-height: 1.5; color: var(--soft) }
.waiting dd { font-size: 17px; font-weight: 600; line-height: 1.5; font-variant-numeric: tabular-nums; letter-spacing: .02em }
.row { display: flex; flex-wrap: wrap; gap: 2px 20px; margin-top: 4px }
.row.end { justify-content: flex-end; gap: 10px; margin-top: 12px }
.strong, .quiet { min-height: 40px; padding: 0 20px; border-radius: 20px; font-size: 14px; font-weight: 600 }
.strong { background: var(--accent); color: var(--on-accent) }
.quiet { color: var(--soft); font-weight: 400 }
.quiet:hover { color: var(--ink) }
.field { margin-top: 10px }
.field label { display: block; font-size: 12.5px; line-height: 1.6; color: var(--soft) }
.optional { margin-inline-start: 8px; font-size: 11.5px }
.field input, .field textarea { display: block; width: 100%; padding: 8px 12px; border: 1px solid var(--edge); border-radius: 10px; background: var(--paper); line-height: 1.6; resize: vertical }
[aria-invalid="true"] { border-color: var(--bad) !important }
.error { color: var(--bad); font-size: 12.5px }
.scores { display: flex; gap: 8px; margin-top: 10px }
.score { position: relative; flex: 1 }
.score input { position: absolute; inset: 0; width: 100%; height: 100%; margin: 0; opacity: 0; cursor: pointer }
.score span { display: grid; place-items: center; height: 44px; border: 1px solid var(--edge); border-radius: 12px; background: var(--paper); font-size: 16px; font-variant-numeric: tabular-nums }
.score:hover span { border-color: var(--accent) }
.score :checked + span { background: var(--accent); border-color: var(--accent); color: var(--on-accent); font-weight: 600 }
.score :focus-visible + span { outline: 2px solid var(--accent); outline-offset: 2px }
.ends { display: grid; grid-template-columns: 1fr auto 1fr; margin-top: 4px; font-size: 11.5px; color: var(--soft) }
.ends span:nth-child(2) { color: var(--ink) }
.ends :last-child { text-align: end }
.veil { position: absolute; z-index: 4; inset: 0; display: grid; place-items: end stretch; padding: 14px; background: rgb(20 16 10 / .38); border-radius: inherit }
.ask { margin: 0; background: var(--paper); box-shadow: var(--shade) }

@media (max-width: 600px) {
  :host { inset: auto 14px max(14px, env(safe-area-inset-bottom)) auto }
  :host([data-side="left"]) { inset: auto auto max(14px, env(safe-area-inset-bottom)) 14px }
  .panel, .panel.wide { position: fixed; inset: 0 0 auto; width: 100%; height: var(--seen, 100dvh); border: 0; border-radius: 0; padding-top: env(safe-area-inset-top) }
  .widen { display: none }
  .round { width: 44px; height: 44px }
  .head { padding: 8px 6px 8px 18px }
  .person { min-height: 44px; border-radius: 22px }
  .chip { min-height: 40px; border-radius: 20px; padding-inline: 18px }
  .box textarea, .field input, .field textarea { font-size: 16px }
  .box { border-radius: 26px }
  .send { width: 40px; height: 40px }
  .box textarea { min-height: 40px; padding: 6px 0 }
  .suggestion, .link { min-height: 44px }
  .strong, .quiet { min-height: 44px; border-radius: 22px }
}
@media (max-width: 600px) and (max-height: 480px) { .keys, .door { display: none } }
@media (prefers-reduced-motion: reduce) { *, *::before, *::after { animation-duration: .01ms !important; animation-iteration-count: 1 !important; transition: none !important } .dots i, .loading i { opacity: .7 } }
@media (forced-colors: active) { .bubble, .launcher, .send, .strong { border: 1px solid } }
@media print { :host { display: none } }
`);
