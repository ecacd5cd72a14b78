/**
 * Small elements that keep themselves up to date, so that a page need not render anew every second.
 *
 *   <since-time at="2026-07-01T09:00:00Z"></since-time>     1:05, 12:40, 2時間10分 and counting
 */
import { span } from '../shared/times.js';

const TICK = 1000;
/** @type {Set<SinceTime>} */
const shown = new Set();
/** @type {ReturnType<typeof setInterval> | undefined} */
let timer;

/** @param {number} seconds @param {'ja' | 'en'} locale @returns {string} 0:07, 12:40; from an hour on in words */
export function waited(seconds, locale) {
  const whole = Math.max(0, Math.floor(seconds));
  if (whole >= 3600) return span(whole, locale);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, '0')}`;
}

class SinceTime extends HTMLElement {
  static observedAttributes = ['at', 'lang'];

  connectedCallback() {
    shown.add(this);
    timer ??= setInterval(() => shown.forEach((each) => each.show()), TICK);
    this.show();
  }

  disconnectedCallback() {
    shown.delete(this);
    if (shown.size) return;
    clearInterval(timer);
    timer = undefined;
  }

  attributeChangedCallback() {
    if (this.isConnected) this.show();
  }

  show() {
    const from = Date.parse(this.getAttribute('at') ?? '');
    const locale = document.documentElement.lang === 'en' ? 'en' : 'ja';
    const text = Number.isNaN(from) ? '' : waited((Date.now() - from) / 1000, locale);
    if (this.textContent !== text) this.textContent = text;
  }
}

if (!customElements.get('since-time')) customElements.define('since-time', SinceTime);
