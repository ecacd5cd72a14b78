/**
 * Templates to nodes, in a kilobyte: html`…` (htm) describes what there should be, `patch` changes what there is.
 *
 *   class="a ${b}"  attribute; null, undefined and false leave it out, true is the empty text
 *   .value=${x}     a property, set when it changed      @click=${f}  a listener
 *   key=${k}        tells siblings apart that come and go; without it, the place in the template does
 *
 * @typedef {{tag: string, props: Record<string, any>, kids: any[]}} Made
 * @typedef {Made | Node | string | number | boolean | null | undefined | Kid[]} Kid
 */
import htm from '../vendor/htm.js';

const SVG = 'http://www.w3.org/2000/svg';
/** What a parent was given last. @type {WeakMap<Node, Map<string, {kid: any, node: any}>>} */
const given = new WeakMap();
/** @type {WeakMap<Node, Record<string, (event: Event) => void>>} */
const listening = new WeakMap();

/** @type {(strings: TemplateStringsArray, ...values: any[]) => Kid} */
export const html = htm.bind((/** @type {string} */ tag, /** @type {any} */ props, /** @type {Kid[]} */ ...kids) => ({
  tag, props: props ?? {}, kids,
}));

/** @param {Kid} kid @param {string} place @param {[string, any][]} out */
function flatten(kid, place, out) {
  if (Array.isArray(kid)) kid.forEach((each, index) => flatten(each, `${place}.${index}`, out));
  else if (kid !== null && kid !== undefined && kid !== '' && typeof kid !== 'boolean') {
    const key = /** @type {any} */ (kid).props?.key;
    out.push([key === undefined ? place : `=${key}`, kid]);
  }
  return out;
}

/**
 * Makes the children of `parent` what `kids` says, moving no node that may stay where it is (so that focus,
 * scrolling and what is being typed survive).
 * @param {any} parent @param {Kid} kids
 */
export function patch(parent, kids) {
  const before = given.get(parent) ?? new Map();
  const now = new Map();
  for (const [key, kid] of flatten(kids, '', [])) {
    const old = before.get(key);
    const same = old && (kid instanceof Node ? old.node === kid : old.kid.tag === kid.tag && !(old.kid instanceof Node));
    const node = same ? old.node : create(kid, parent);
    if (same) before.delete(key);
    if (kid.tag) update(node, kid, same ? old.kid.props : {});
    else if (!(kid instanceof Node) && node.data !== String(kid)) node.data = kid;
    now.set(key, { kid, node });
  }
  for (const { node } of before.values()) node.remove();
  let next = null;
  for (const { node } of [...now.values()].reverse()) {
    if (node.parentNode !== parent || node.nextSibling !== next) parent.insertBefore(node, next);
    next = node;
  }
  given.set(parent, now);
}

/** @param {any} kid @param {any} parent */
function create(kid, parent) {
  if (kid instanceof Node) return kid;
  if (!kid.tag) return document.createTextNode(kid);
  const drawing = kid.tag === 'svg' || parent.namespaceURI === SVG;
  return drawing ? document.createElementNS(SVG, kid.tag) : document.createElement(kid.tag);
}

/** @param {any} node @param {Made} kid @param {Record<string, any>} was */
function update(node, { props, kids }, was) {
  for (const name in was) if (!(name in props)) set(node, name, undefined);
  for (const name in props) if (props[name] !== was[name]) set(node, name, props[name]);
  patch(node, kids);
}

/** @param {any} node @param {string} name @param {any} value */
function set(node, name, value) {
  const rest = name.slice(1);
  if (name === 'key') return;
  if (name[0] === '@') {
    const heard = listening.get(node) ?? {};
    if (!(rest in heard)) node.addEventListener(rest, (/** @type {Event} */ event) => heard[rest]?.(event));
    heard[rest] = value;
    listening.set(node, heard);
  } else if (name[0] === '.') node[rest] = value;
  else if (value === undefined || value === null || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? '' : value);
}
