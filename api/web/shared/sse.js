/**
 * The text of a `text/event-stream` into its events (WHATWG HTML, "Interpreting an event stream").
 *
 * @typedef {{id: string | null, event: string, data: string}} Frame
 */

const LONGEST = 1_000_000;

/**
 * @param {(frame: Frame) => void} onFrame
 * @returns {(text: string) => void} feed it decoded text in pieces of any size; throws on a frame of more than
 *          a million characters, so that a broken server cannot fill the memory
 */
export function sseParser(onFrame) {
  let rest = '';
  let first = true;
  let lastWasCr = false;
  /** @type {string[]} */
  let data = [];
  let held = 0;
  let event = '';
  /** @type {string | null} */
  let id = null;

  /** @param {string} line */
  const take = (line) => {
    if (line === '') {
      if (data.length) onFrame({ id, event: event || 'message', data: data.join('\n') });
      data = [];
      held = 0;
      event = '';
      id = null;
      return;
    }
    if (line.startsWith(':')) return;
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'data') {
      data.push(value);
      held += value.length;
    } else if (field === 'event') event = value;
    else if (field === 'id' && !value.includes('\0')) id = value;
  };

  return (text) => {
    if (first && text) {
      first = false;
      text = text.replace(/^\uFEFF/, '');
    }
    if (lastWasCr && text.startsWith('\n')) text = text.slice(1);
    if (text) lastWasCr = text.endsWith('\r');
    const lines = (rest + text).split(/\r\n|\r|\n/);
    rest = lines.pop() ?? '';
    for (const line of lines) take(line);
    if (rest.length + held > LONGEST) throw new Error('an event of more than a million characters');
  };
}
