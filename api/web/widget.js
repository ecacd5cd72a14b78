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
const script = [...document.scripts].find((each) => each.src === import.meta.url);

function sayUnavailable() {
  const en = (script?.dataset.locale || document.documentElement.lang).startsWith('en');
  const host = document.body.appendChild(document.createElement('toritsugi-unavailable'));
  const root = host.attachShadow({ mode: 'open' });
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`:host { position: fixed; z-index: 9999; inset: auto 16px 16px auto; max-width: 300px; padding: 12px 16px;
    border: 1px solid; border-radius: 12px; background: Canvas; color: CanvasText; font: 14px/1.7 system-ui }`);
  root.adoptedStyleSheets = [sheet];
  host.setAttribute('role', 'status');
  root.append(en ? 'The chat could not be loaded. Please check your connection. ' : 'チャットを読み込めませんでした。通信の状態をお確かめください。');
  const link = root.appendChild(document.createElement('a'));
  link.textContent = en ? 'Reload' : '再読み込み';
  link.href = location.href;
  if (!script?.dataset.contact) return;
  const other = /** @type {HTMLAnchorElement} */ (link.cloneNode());
  other.textContent = en ? 'Other ways to reach us' : 'ほかのお問い合わせ方法';
  other.href = script.dataset.contact;
  root.append(' ', other);
}

try {
  // @ts-ignore: the address it has where this file is served, at the root
  const { mount } = await import('./web/widget/element.js');
  await mount(new URL('v1/', import.meta.url).href, script?.dataset ?? {});
} catch (error) {
  console.error('toritsugi: the chat could not be loaded', error);
  sayUnavailable();
}
