/** Line icons, 24 units, drawn in the colour of the text around them; silent for screen readers. */
import { html } from './dom.js';

/** @param {any} inside */
const icon = (inside) => html`<svg class="icon" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.6"
  stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">${inside}</svg>`;

export const chatIcon = icon(html`<path d="M4.5 6.5a2 2 0 0 1 2-2h11a2 2 0 0 1 2 2v8a2 2 0 0 1-2 2h-6.2L7 20v-3.5h-.5a2 2 0 0 1-2-2z"/><path d="M8.5 9h7M8.5 12.2h4.6"/>`);
export const personIcon = icon(html`<circle cx="12" cy="8.2" r="3.7"/><path d="M4.8 19.5c.9-3.6 3.7-5.4 7.2-5.4s6.3 1.8 7.2 5.4"/>`);
export const closeIcon = icon(html`<path d="m6 9.5 6 6 6-6"/>`);
export const crossIcon = icon(html`<path d="m7 7 10 10M17 7 7 17"/>`);
export const menuIcon = icon(html`<circle cx="5.5" cy="12" r=".9"/><circle cx="12" cy="12" r=".9"/><circle cx="18.5" cy="12" r=".9"/>`);
export const widenIcon = icon(html`<path d="M13.5 4.5h6v6M19.2 4.8l-6.4 6.4M10.5 19.5h-6v-6M4.8 19.2l6.4-6.4"/>`);
export const narrowIcon = icon(html`<path d="M19.5 10.5h-6v-6M13.8 10.2l5.9-5.9M4.5 13.5h6v6M10.2 13.8l-5.9 5.9"/>`);
export const sendIcon = icon(html`<path d="M12 19V5.5M6.2 11.2 12 5.4l5.8 5.8"/>`);
export const mailIcon = icon(html`<rect x="3.8" y="5.8" width="16.4" height="12.4" rx="2"/><path d="m4.4 7.4 7.6 5.8 7.6-5.8"/>`);
export const downIcon = icon(html`<path d="M12 5v13.5M6.2 12.8l5.8 5.8 5.8-5.8"/>`);
export const warnIcon = icon(html`<circle cx="12" cy="12" r="8.2"/><path d="M12 7.8v5M12 16.1v.1"/>`);
