/**
 * The one line a shop adds, on any origin:
 *
 *   <script type="module" src="https://support.example/widget.js" data-title="ひより道具店"></script>
 *
 * data-locale ja | en · data-theme auto | light | dark · data-side right | left · data-title · data-open (open at
 * once) · data-customer (the token by which the shop vouches for a signed-in customer) · data-contact (an address
 * or page to show when the chat cannot be loaded). Colours and type: the CSS variables at the top of
 * widget/sheet.js, set on `toritsugi-chat`.
 *
 * This file only loads the rest, so that a page whose network or browser fails still says what is going on.
 */
const script = [...document.querySelectorAll('script[src]')].find((each) => each.src === import.meta.url);

/** @param {string} [language] */
function sayUnavailable(language = '') {
  const en = (script?.dataset.locale || language).startsWith('en');
  const host = document.createElement('toritsugi-unavailable');
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`
    :host { position: fixed; z-index: 2147483000; inset: auto 16px 16px auto; max-width: min(320px, calc(100vw - 32px));
      font: 14px/1.7 system-ui, sans-serif; color-scheme: light dark }
    div { padding: 12px 16px; border: 1px solid #8886; border-radius: 12px; background: Canvas; color: CanvasText }
    p { margin: 0 0 8px } button { font: inherit; padding: 6px 14px; border-radius: 8px } a { margin-inline-start: 12px; color: LinkText }`);
  root.adoptedStyleSheets = [sheet];
  const box = root.appendChild(document.createElement('div'));
  box.setAttribute('role', 'status');
  box.appendChild(document.createElement('p')).textContent = en
    ? 'The chat could not be loaded. Please check your connection.'
    : 'チャットを読み込めませんでした。通信の状態をお確かめください。';
  const again = box.appendChild(document.createElement('button'));
  again.textContent = en ? 'Reload' : '再読み込み';
  again.addEventListener('click', () => location.reload());
  if (script?.dataset.contact) {
    const link = box.appendChild(document.createElement('a'));
    link.textContent = en ? 'Other ways to reach us' : 'ほかのお問い合わせ方法';
    link.href = script.dataset.contact;
  }
  document.body.append(host);
}

try {
  const { mount } = await import('./web/widget/element.js');
  await mount(new URL('v1/', import.meta.url).href, script?.dataset ?? {});
} catch (error) {
  console.error('toritsugi: the chat could not be loaded', error);
  sayUnavailable(document.documentElement.lang);
}
