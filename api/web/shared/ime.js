/**
 * Enter while an IME composes confirms a conversion; it must never send.
 *
 * Browsers disagree about the confirming Enter: Chrome and Firefox send keydown with isComposing true and
 * keyCode 229 before compositionend; Safari sends compositionend first and then keydown with keyCode 229; some
 * macOS input methods then send a plain keydown, keyCode 13. So an Enter counts as composing when any of the
 * three signs is there: isComposing, 229, or compositionend just before it without a key let go in between.
 *
 * @typedef {'enter' | 'mod-enter'} SendKey  enter: Enter sends, Shift+Enter breaks the line;
 *   mod-enter: Ctrl or ⌘ with Enter sends, Enter breaks the line
 * @typedef {{composing: boolean, endedAt: number}} ImeState  endedAt: milliseconds, -Infinity when long ago
 */

const JUST_AFTER = 150;

/** @returns {ImeState} */
export const imeState = () => ({ composing: false, endedAt: -Infinity });

/**
 * @param {ImeState} state
 * @param {{type: string, timeStamp: number}} event compositionstart, compositionend or keyup; others change nothing
 * @returns {ImeState}
 */
export function imeAfter(state, event) {
  if (event.type === 'compositionstart') return { composing: true, endedAt: -Infinity };
  if (event.type === 'compositionend') return { composing: false, endedAt: event.timeStamp };
  if (event.type === 'keyup') return { ...state, endedAt: -Infinity };
  return state;
}

/**
 * @param {{isComposing?: boolean, keyCode?: number, timeStamp: number}} event a keydown
 * @param {ImeState} state
 */
export const isComposing = (event, state) =>
  event.isComposing === true ||
  event.keyCode === 229 ||
  state.composing ||
  event.timeStamp - state.endedAt < JUST_AFTER;

/**
 * @param {KeyboardEvent | {key: string, shiftKey?: boolean, ctrlKey?: boolean, metaKey?: boolean, altKey?: boolean,
 *         isComposing?: boolean, keyCode?: number, timeStamp: number}} event a keydown
 * @param {ImeState} state
 * @param {SendKey} [sendKey]
 */
export function sends(event, state, sendKey = 'enter') {
  if (event.key !== 'Enter' || event.altKey || isComposing(event, state)) return false;
  const mod = Boolean(event.ctrlKey || event.metaKey);
  return sendKey === 'enter' ? !event.shiftKey && !mod : mod && !event.shiftKey;
}

/**
 * Keeps the state for everything inside `root`; every field there is guarded at once.
 * @param {EventTarget} root an element or shadow root
 * @returns {{composing: (event: any) => boolean, sends: (event: any, sendKey?: SendKey) => boolean, stop: () => void}}
 */
export function imeGuard(root) {
  let state = imeState();
  const names = ['compositionstart', 'compositionend', 'keyup'];
  /** @param {Event} event */
  const note = (event) => {
    state = imeAfter(state, event);
  };
  for (const name of names) root.addEventListener(name, note, true);
  return {
    composing: (event) => isComposing(event, state),
    sends: (event, sendKey) => sends(event, state, sendKey),
    stop: () => names.forEach((name) => root.removeEventListener(name, note, true)),
  };
}
