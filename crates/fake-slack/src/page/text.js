'use strict';
// The page may be served at `/sandbox` as well as at `/sandbox/`, so addresses are built from the path itself.
const base = location.pathname.replace(/\/+$/, '');
const $ = (id) => document.getElementById(id);
let state = null, channel = 'C0GENERAL01', me = 'U0ALICE0001', thread = null, shownView = null, loaded = null, seen = {}, said = false;

// All text from outside goes through text nodes or attributes set by name: nothing is ever parsed as HTML.
function el(name, options = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined || value === null || value === false) continue;
    if (key.startsWith('on')) node.addEventListener(key.slice(2), value);
    else if (key === 'class') node.className = value;
    else node.setAttribute(key, value === true ? '' : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return node;
}
function wave() {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg'), path = document.createElementNS(ns, 'path');
  svg.setAttribute('viewBox', '0 0 32 32'); svg.setAttribute('aria-hidden', 'true');
  for (const [key, value] of Object.entries({ d: 'M6 13q5-5 10 0t10 0M6 20q5-5 10 0t10 0', fill: 'none', stroke: 'currentColor', 'stroke-width': '2.6', 'stroke-linecap': 'round' })) path.setAttribute(key, value);
  svg.append(path);
  return svg;
}
async function send(path, body, method = 'POST') {
  const answer = await fetch(base + path, { method, headers: { 'content-type': 'application/json' }, body: body && JSON.stringify(body) });
  if (!answer.ok) throw new Error('the sandbox answered ' + answer.status);
  return answer.status === 204 ? null : answer.json();
}
const user = (id) => state.users.find((known) => known.id === id);
const nameOf = (id) => user(id)?.name ?? id;
const bot = () => user(state.bot_user_id);

// Slack's mrkdwn, as far as people use it.
const MARKS = /```([\s\S]+?)```|`([^`\n]+)`|<([@#!]?)([^>|]+)(?:\|([^>]*))?>|(?<![\w*])\*([^*\n]+)\*(?!\w)|(?<![\w_])_([^_\n]+)_(?!\w)|(?<![\w~])~([^~\n]+)~(?!\w)/;
const unescape = (text) => text.replace(/&lt;/g, '<').replace(/&gt;/g, '>').replace(/&amp;/g, '&');
function rich(text) {
  const nodes = [];
  for (let rest = text || ''; rest;) {
    const found = MARKS.exec(rest);
    if (!found) { nodes.push(unescape(rest)); break; }
    if (found.index) nodes.push(unescape(rest.slice(0, found.index)));
    const [whole, pre, code, sign, target, label, bold, italic, strike] = found;
    if (pre !== undefined) nodes.push(el('pre', {}, unescape(pre.replace(/^\n/, ''))));
    else if (code !== undefined) nodes.push(el('code', {}, unescape(code)));
    else if (target !== undefined) nodes.push(reference(sign, target, label, whole));
    else if (bold !== undefined) nodes.push(el('strong', {}, rich(bold)));
    else if (italic !== undefined) nodes.push(el('em', {}, rich(italic)));
    else nodes.push(el('s', {}, rich(strike)));
    rest = rest.slice(found.index + whole.length);
  }
  return nodes;
}
function reference(sign, target, label, whole = target) {
  if (sign === '@') return el('span', { class: 'mention' }, '@' + nameOf(target));
  if (sign === '#') return el('span', { class: 'mention' }, '#' + (state.channels.find((known) => known.id === target)?.name ?? label ?? target));
  if (sign === '!' && target.startsWith('date^')) return unescape(label ?? '');
  if (sign === '!') return el('span', { class: 'mention' }, '@' + unescape(label || target.split('^')[0]));
  const url = unescape(target);
  return /^(https?:|mailto:)/i.test(url) ? el('a', { href: url, rel: 'noopener noreferrer', target: '_blank' }, unescape(label || target)) : unescape(whole);
}
const textOf = (object) => !object ? '' : typeof object === 'string' ? object : object.text ?? '';
const textNodes = (object) => object?.type === 'mrkdwn' ? rich(object.text) : [textOf(object)];
function runs(element) {
  if (element.elements) {
    const inner = element.elements.map(runs);
    if (element.type === 'rich_text_list') return el(element.style === 'ordered' ? 'ol' : 'ul', {}, inner.map((item) => el('li', {}, item)));
    if (element.type === 'rich_text_preformatted') return el('pre', {}, inner.flat());
    if (element.type === 'rich_text_quote') return el('blockquote', {}, inner.flat());
    return el('div', {}, inner.flat());
  }
  if (element.type === 'user') return reference('@', element.user_id);
  if (element.type === 'channel') return reference('#', element.channel_id);
  if (element.type === 'link') return reference('', element.url, element.text || element.url);
  if (element.type === 'emoji') return ':' + element.name + ':';
  const text = element.text ?? '';
  return element.style?.code ? el('code', {}, text) : element.style?.bold ? el('strong', {}, text) : element.style?.italic ? el('em', {}, text) : text;
}
