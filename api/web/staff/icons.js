/** Line icons, 24 × 24; decoration only, so hidden from screen readers. */
import { html, svg } from '../vendor/lit-html.js';

/** @type {Record<string, unknown>} */
const paths = {
  search: svg`<circle cx="11" cy="11" r="6.5"/><path d="m16 16 4.5 4.5"/>`,
  send: svg`<path d="M4 12 20 4l-5 16-3.5-6.5z"/><path d="M11.5 13.5 20 4"/>`,
  note: svg`<path d="M5 4h14v11l-5 5H5z"/><path d="M14 20v-5h5M8.5 9h7M8.5 12.5h4"/>`,
  back: svg`<path d="m14.5 5-7 7 7 7"/>`,
  more: svg`<circle cx="5.5" cy="12" r="1"/><circle cx="12" cy="12" r="1"/><circle cx="18.5" cy="12" r="1"/>`,
  bot: svg`<rect x="4.5" y="8" width="15" height="11" rx="3"/><path d="M12 8V4.5M9 13v1.5M15 13v1.5"/>`,
  user: svg`<circle cx="12" cy="8.5" r="3.5"/><path d="M5 20c.6-4 3.4-6 7-6s6.4 2 7 6"/>`,
  clock: svg`<circle cx="12" cy="12" r="8"/><path d="M12 7.5V12l3 2"/>`,
  hold: svg`<path d="M9 6v12M15 6v12"/>`,
  close: svg`<path d="m6 6 12 12M18 6 6 18"/>`,
  done: svg`<path d="m5 12.5 4.5 4.5L19 7.5"/>`,
  swap: svg`<path d="M4 8.5h14l-3.5-3.5M20 15.5H6l3.5 3.5"/>`,
  undo: svg`<path d="M9 5 4.5 9.5 9 14"/><path d="M4.5 9.5H14a5.5 5.5 0 0 1 0 11h-3"/>`,
  mind: svg`<path d="M12 4.5a6 6 0 0 0-3.5 10.9V18h7v-2.6A6 6 0 0 0 12 4.5zM9.5 21h5"/>`,
  book: svg`<path d="M5 5.5C7 4.5 10 4.5 12 6c2-1.5 5-1.5 7-.5V19c-2-1-5-1-7 .5-2-1.5-5-1.5-7-.5zM12 6v13.5"/>`,
  warn: svg`<path d="M12 4.5 21 19.5H3zM12 10v4.5M12 17v.2"/>`,
  bell: svg`<path d="M6.5 16V11a5.5 5.5 0 0 1 11 0v5l1.5 2H5zM10 20.5h4"/>`,
  keys: svg`<rect x="3" y="6.5" width="18" height="11" rx="2"/><path d="M7 10.5h.1M10.5 10.5h.1M14 10.5h.1M17 10.5h.1M8 14h8"/>`,
  plus: svg`<path d="M12 5v14M5 12h14"/>`,
  list: svg`<path d="M8 6.5h12M8 12h12M8 17.5h12M4 6.5h.1M4 12h.1M4 17.5h.1"/>`,
  try: svg`<path d="M9.5 4h5M10.5 4v6L5 19.5h14L13.5 10V4M8 15h8"/>`,
  inbox: svg`<path d="M4 13.5 6.5 5h11L20 13.5V19H4zM4 13.5h4.5l1.5 2.5h4l1.5-2.5H20"/>`,
  rocket: svg`<path d="M12 15.5 8.5 12C9.5 7.5 13 4 19.5 4.5 20 11 16.5 14.5 12 15.5zM8.5 12 5 12.5 7.5 9M12 15.5l-.5 3.5 3.5-2.5M6 18l2-2"/>`,
  upload: svg`<path d="M12 16V5M7.5 9 12 4.5 16.5 9M4.5 15.5V19.5h15v-4"/>`,
  chart: svg`<path d="M4.5 4.5v15h15M8.5 16v-4M12.5 16V8M16.5 16v-6"/>`,
  pen: svg`<path d="m5 19 .8-4L16 4.8l3.2 3.2L9 18.2zM14 7l3 3"/>`,
  history: svg`<path d="M4.5 5v4.5H9"/><path d="M4.8 9.5A7.8 7.8 0 1 1 4.5 14M12 8v4.5l3 1.5"/>`,
  insert: svg`<path d="M12 4v10M8 10.5l4 4 4-4M5 19.5h14"/>`,
  star: svg`<path d="m12 4 2.4 5 5.6.7-4.1 3.8 1.1 5.5-5-2.7-5 2.7 1.1-5.5L4 9.7 9.6 9z"/>`,
  mail: svg`<rect x="3.5" y="5.5" width="17" height="13" rx="2"/><path d="m4 7 8 6 8-6"/>`,
  gear: svg`<circle cx="12" cy="12" r="3"/><path d="M12 3.5v3M12 17.5v3M3.5 12h3M17.5 12h3M6 6l2.1 2.1M15.9 15.9 18 18M18 6l-2.1 2.1M8.1 15.9 6 18"/>`,
};

/** @param {string} name */
export const icon = (name) => html`<svg class="i" viewBox="0 0 24 24" aria-hidden="true">${paths[name]}</svg>`;

/** The mark: two strokes that hand something over. */
export const mark = html`<span class="mark" aria-hidden="true"><svg viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="2.2" stroke-linecap="round" stroke-linejoin="round"><path d="M4 8.5h9a3.5 3.5 0 0 1 0 7H9"/><path d="M11.5 12.5 8.5 15.5l3 3"/><circle cx="19" cy="8.5" r="1.3" fill="currentColor" stroke="none"/></svg></span>`;

const page = (/** @type {string} */ badge) =>
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="7" fill="#1f4e7d"/><g fill="none" stroke="#fff" stroke-width="3" stroke-linecap="round" stroke-linejoin="round"><path d="M6 11h11a5 5 0 0 1 0 10h-5"/><path d="m15 17-4 4 4 4"/></g>${badge}</svg>`;

/** @param {number} count @returns {string} the page's icon as a data URL, with a count when something waits */
export function favicon(count) {
  const text = count > 9 ? '9+' : String(count);
  const badge = count
    ? `<circle cx="23" cy="9" r="9" fill="#c8321f"/><text x="23" y="13.5" font-family="sans-serif" font-size="12" font-weight="700" text-anchor="middle" fill="#fff">${text}</text>`
    : '';
  return `data:image/svg+xml,${encodeURIComponent(page(badge))}`;
}
