/** The console as a page: three columns, one state, one render a frame. */
import { html, nothing, render } from '../vendor/lit-html.js';
import { imeGuard } from '../shared/ime.js';
import '../staff/elements.js';
import { toast } from '../staff/dialog.js';
import { icon } from '../staff/icons.js';
import { topBar } from '../staff/session.js';
import { sayProblem } from '../staff/words.js';
import { actionsOf } from './actions.js';
import { composerView } from './composer.js';
import { Desk } from './desk.js';
import { keysOf } from './keys.js';
import { listView } from './list.js';
import { Notices } from './notices.js';
import { panelView } from './panel.js';
import { Reading } from './reading.js';
import { sections, waitingCount } from './state.js';
import { headView, threadView } from './thread.js';

/** @param {import('../staff/session.js').Staff} staff */
export function openDesk(staff) {
  const { root } = staff;
  let due = 0;
  const ime = imeGuard(root);
  /** What is shown where; not part of the desk's state. */
  const view = { tab: 'mind', place: 'list', bots: false, panel: true };
  const notices = new Notices(staff);
  const reading = new Reading();
  const desk = new Desk(staff, {
    onChange: soon,
    onEvent: (event) => notices.event(event, desk),
    onLists: (before, after) => notices.lists(before, after, desk),
  });
  const tell = (/** @type {string} */ text, /** @type {any} */ how) => toast(text, how);
  const fail = (/** @type {any} */ problem) => toast(sayProblem(staff.say, problem), { bad: true });
  const page = { desk, staff, view, ime, notices, reading, render: soon, show, tell, fail, focusReply };
  const actions = actionsOf(page);
  Object.assign(page, { actions });
  const stopKeys = keysOf(page);

  function soon() {
    due ||= requestAnimationFrame(draw);
  }

  function draw() {
    cancelAnimationFrame(due);
    due = 0;
    render(whole(), root);
    reading.drawn(root.querySelector('.log'), desk.current, desk.selected);
    const waiting = waitingCount(desk.lists, desk.seen);
    notices.badge(waiting);
  }

  /** @param {string | null} id @param {string} [place] list, chat or panel, where only one fits */
  function show(id, place = id ? 'chat' : 'list') {
    view.place = place;
    const hash = id ? `#c/${id}` : '#';
    if (location.hash !== hash && !(hash === '#' && !location.hash)) history.replaceState(null, '', hash);
    desk.select(id);
    if (id) requestAnimationFrame(() => document.getElementById(`row-${id}`)?.scrollIntoView({ block: 'nearest' }));
  }

  function focusReply() {
    draw();
    /** @type {HTMLElement | null} */ (root.querySelector('#reply'))?.focus();
  }

  function whole() {
    const { say } = staff;
    const { queue } = sections(desk.lists);
    const place = desk.selected ? view.place : 'list';
    return html`${topBar(staff, 'desk', lineView(), html`
        ${notices.view(soon)}
        <button class="btn icon plain wide-only" type="button" aria-label=${say('keys')} title="${say('keys')} (?)" @click=${actions.help}>${icon('keys')}</button>`)}
      <div class="desk at-${place} ${view.panel && desk.selected ? '' : 'no-panel'}">
        <nav class="lists" aria-label=${say('list')}>${listView(page)}</nav>
        <main class="chat" id="main" tabindex="-1" aria-label=${say('thread')}>${chatView()}</main>
        <aside class="panel" aria-label=${say('panel')}>${desk.current?.status === 'ready' ? panelView(page) : nothing}</aside>
      </div>
      <p class="visually-hidden" role="status" aria-live="polite">${queue.length ? say('waiting_now', queue.length) : say('queue_empty')}</p>
      <p class="visually-hidden" aria-live="assertive">${notices.last}</p>`;
  }

  function lineView() {
    const { say } = staff;
    const key = { waiting: 'line_waiting', offline: 'line_offline', refused: 'line_refused' }[desk.line];
    return key ? html`<span class="line badge ${desk.line === 'refused' ? 'bad' : 'warn'}" role="status">${say(key)}</span>` : nothing;
  }

  function chatView() {
    const { say } = staff;
    const open = desk.current;
    if (!desk.selected || !open) {
      return html`<div class="empty tall"><svg class="art" viewBox="0 0 64 64" aria-hidden="true"><path d="M8 14h34a6 6 0 0 1 6 6v14a6 6 0 0 1-6 6H24l-10 9v-9H8z"/><path d="M52 24h4v26h-6v7l-8-7H30"/></svg>
        <strong>${say('pick')}</strong><span class="small">${say('pick_text')}</span></div>`;
    }
    if (open.status === 'failed') {
      const gone = open.problem?.status === 404;
      return html`<div class="empty tall"><strong>${say(gone ? 'gone' : 'failed')}</strong>
        <span class="small">${gone ? say('gone_text') : sayProblem(say, open.problem)}</span>
        ${gone ? html`<button class="btn" @click=${() => show(null)}>${say('back_list')}</button>`
          : html`<button class="btn" @click=${() => desk.load(/** @type {string} */ (desk.selected))}>${say('again')}</button>`}</div>`;
    }
    if (open.status === 'loading') {
      return html`<div class="wait tall" role="status" aria-label=${say('loading')}><i></i><i></i><i></i><i></i><i></i></div>`;
    }
    return html`${headView(page, open)}${threadView(page, open)}${composerView(page, open)}`;
  }

  const looked = () => {
    desk.look();
    soon();
  };
  const moved = () => {
    const id = /^#c\/([\w-]{1,80})$/.exec(location.hash)?.[1] ?? null;
    if (id !== desk.selected) show(id);
  };
  addEventListener('visibilitychange', looked);
  addEventListener('hashchange', moved);
  void desk.start().then(moved);

  return {
    render: draw,
    stop() {
      cancelAnimationFrame(due);
      removeEventListener('visibilitychange', looked);
      removeEventListener('hashchange', moved);
      stopKeys();
      ime.stop();
      desk.stop();
      notices.badge(0);
    },
  };
}
