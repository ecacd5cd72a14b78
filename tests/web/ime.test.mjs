import assert from 'node:assert/strict';
import { test } from 'node:test';
import { imeAfter, imeState, sends } from '../../api/web/shared/ime.js';

/** Runs a sequence of events; returns which Enter keydowns would send. */
function run(events, sendKey) {
  let state = imeState();
  return events.flatMap((event) => {
    const sent = event.type === 'keydown' && sends(event, state, sendKey) ? [event.at ?? event.timeStamp] : [];
    state = imeAfter(state, event);
    return sent;
  });
}
const enter = (timeStamp, more = {}) => ({ type: 'keydown', key: 'Enter', keyCode: 13, timeStamp, ...more });
const on = (type, timeStamp) => ({ type, timeStamp });

test('Chrome and Firefox: keydown 229 while composing, then compositionend; the next Enter sends', () => {
  assert.deepEqual(
    run([on('compositionstart', 0), enter(500, { isComposing: true, keyCode: 229 }), on('compositionend', 501), on('keyup', 560), enter(600)]),
    [600],
  );
});

test('Safari: compositionend first, then keydown 229', () => {
  assert.deepEqual(run([on('compositionstart', 0), on('compositionend', 500), enter(501, { keyCode: 229 }), on('keyup', 560), enter(900)]), [900]);
});

test('macOS input methods: compositionend, then a plain Enter at once', () => {
  assert.deepEqual(run([on('compositionstart', 0), on('compositionend', 500), enter(502), on('keyup', 560), enter(620)]), [620]);
});

test('an Enter without isComposing and 229 while composing does not send', () => {
  assert.deepEqual(run([on('compositionstart', 0), enter(100)]), []);
});

test('composed by mouse or by another key: a later Enter sends', () => {
  assert.deepEqual(run([on('compositionstart', 0), on('compositionend', 100), enter(400)]), [400]);
});

test('Shift+Enter breaks the line, Alt+Enter is left alone, other keys never send', () => {
  assert.deepEqual(run([enter(1, { shiftKey: true }), enter(2, { altKey: true }), { type: 'keydown', key: 'a', keyCode: 65, timeStamp: 3 }]), []);
});

test('the other choice: Ctrl or ⌘ with Enter', () => {
  assert.deepEqual(run([enter(1), enter(2, { ctrlKey: true }), enter(3, { metaKey: true }), enter(4, { ctrlKey: true, isComposing: true })], 'mod-enter'), [2, 3]);
});
