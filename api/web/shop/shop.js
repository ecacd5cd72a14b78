/** The demo shop's own few lines: its questions open the chat, and it says so when the chat does not come. */

const ask = /** @type {HTMLElement} */ (document.getElementById('ask'));
const state = /** @type {HTMLElement} */ (document.getElementById('chat-state'));

customElements.whenDefined('toritsugi-chat').then(() => {
  state.hidden = true;
  ask.hidden = false;
});

ask.addEventListener('click', (event) => {
  const chat = /** @type {any} */ (document.querySelector('toritsugi-chat'));
  if (event.target instanceof HTMLButtonElement) chat?.open(event.target.textContent);
});

document.querySelector('script[src$="widget.js"]')?.addEventListener('error', () => {
  state.textContent = 'ただいまチャットを読み込めません。しばらくしてからページを再読み込みしてください。';
  state.setAttribute('role', 'status');
});
