/** What reaches an agent who looks elsewhere: the title, the icon, and desktop notices without sound. */
import { html, nothing } from '../vendor/lit-html.js';
import { favicon } from '../staff/icons.js';
import { icon } from '../staff/icons.js';
import { toast } from '../staff/dialog.js';
import { sections } from './state.js';

export class Notices {
  #count = -1;
  /** What a screen reader is told at once. */
  last = '';

  /** @param {import('../staff/session.js').Staff} staff */
  constructor(staff) {
    this.staff = staff;
  }

  /** @param {number} count */
  badge(count) {
    const { say } = this.staff;
    document.title = `${count ? `(${count}) ` : ''}${say('desk')} · ${say('product')}`;
    if (count === this.#count) return;
    this.#count = count;
    document.querySelector('link[rel="icon"]')?.setAttribute('href', favicon(count));
  }

  /** Who waits now and did not before. @param {any} before @param {any} after @param {any} desk */
  lists(before, after, desk) {
    const { say } = this.staff;
    const known = new Set([...before.queue, ...sections(before).mine].map((row) => row.conversation));
    for (const row of after.queue) if (!known.has(row.conversation)) this.#say(say('new_waiting', row.ticket ?? ''), row, desk);
    const had = new Set(sections(before).mine.map((row) => row.conversation));
    for (const row of sections(after).mine) {
      if (!had.has(row.conversation) && row.conversation !== desk.selected) this.#say(say('to_you', row.ticket ?? ''), row, desk);
    }
  }

  /** @param {any} event @param {any} desk */
  event(event, desk) {
    if (event.type !== 'message' || event.from !== 'shopper' || !document.hidden) return;
    const row = sections(desk.lists).mine.find((each) => each.conversation === event.conversation);
    if (row) this.#say(this.staff.say('new_message', row.customer?.name ?? row.ticket ?? this.staff.say('shopper')), row, desk, event.body.text);
  }

  /** @param {string} title @param {any} row @param {any} desk @param {string} [text] */
  #say(title, row, desk, text) {
    this.last = title;
    const open = () => {
      window.focus();
      location.hash = `#c/${row.conversation}`;
    };
    if (!document.hidden) return;
    if (!this.staff.settings.notify || typeof Notification === 'undefined' || Notification.permission !== 'granted') return;
    // the same tag in every tab: one notice, wherever it was raised
    const notice = new Notification(title, { body: text ?? row.last?.text ?? '', tag: row.conversation, silent: true, lang: this.staff.settings.locale });
    notice.onclick = () => {
      open();
      notice.close();
    };
  }

  /** The switch in the top bar. @param {() => void} render */
  view(render) {
    const { say, settings } = this.staff;
    if (typeof Notification === 'undefined') return nothing;
    const on = settings.notify && Notification.permission === 'granted';
    const label = say(on ? 'notify_on' : 'notify_off');
    return html`<button class="btn icon plain wide-only" type="button" aria-pressed=${on} aria-label=${say('notify_ask')} title=${label} @click=${async () => {
      if (on) return this.staff.choose({ notify: false });
      const answer = await Notification.requestPermission();
      if (answer === 'denied') toast(say('notify_blocked'));
      this.staff.choose({ notify: answer === 'granted' });
      render();
    }}>${icon('bell')}</button>`;
  }
}
