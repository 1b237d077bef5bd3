// The channels, the messages in them, and what a person does there.
// Keeps the nodes of unchanged messages, and with them the focus and the selection.
function fill(log, entries) {
  const atEnd = log.scrollHeight - log.scrollTop - log.clientHeight < 80, before = log.childElementCount;
  const kept = new Map([...log.children].map((node) => [node.dataset.key, node]));
  entries.forEach(({ key, print, make }, at) => {
    let node = kept.get(key);
    kept.delete(key);
    if (!node || node.dataset.print !== print) {
      const fresh = make();
      fresh.dataset.key = key; fresh.dataset.print = print;
      if (node) node.replaceWith(fresh);
      node = fresh;
    }
    if (log.children[at] !== node) log.insertBefore(node, log.children[at] ?? null);
  });
  for (const node of kept.values()) node.remove();
  if (atEnd || before === 0) log.scrollTop = log.scrollHeight;
}
function entriesOf(messages, inThread) {
  let last = null;
  return messages.map((message) => {
    const replies = (state.messages[channel] || []).filter((other) => other.thread_ts === message.ts && other.ts !== message.ts).length;
    const isApp = Boolean(message.bot_id) || message.ephemeral;
    const follow = Boolean(last && !message.ephemeral && !last.ephemeral && last.user === message.user && Boolean(last.bot_id) === isApp && message.ts - last.ts < 300 && !last.replies);
    last = { ...message, replies };
    return { key: message.ts, print: JSON.stringify([message, follow, replies, state.users.length, me, isPinned(message.ts)]), make: () => messageNode(message, follow, inThread, replies) };
  });
}
const byTime = (a, b) => a.ts < b.ts ? -1 : 1;
function visible(inThread) {
  const posted = state.messages[channel] || [];
  const mine = state.ephemerals.filter((shown) => shown.channel === channel && shown.user === me).map((shown) => ({ ...shown, ephemeral: true }));
  const belongs = inThread ? (message) => message.ts === inThread || message.thread_ts === inThread : (message) => !message.thread_ts || message.thread_ts === message.ts;
  return [...posted, ...mine].filter(belongs).sort(byTime);
}
function emptyNode() {
  const suggest = (text, shown) => el('button', { type: 'button', onclick: () => { main.area.value = text; main.area.focus(); } }, shown);
  return el('div', { class: 'empty' }, wave(), el('h2', {}, 'Nothing here yet'), el('p', {}, 'This is a stand-in for Slack. What you write goes to the app, signed as Slack does it.'),
    el('div', { class: 'tries' }, suggest('hello @tidegate', ['Say hello to ', el('strong', {}, '@tidegate')]), suggest('/tidegate ping', ['Type ', el('code', {}, '/tidegate ping')]), suggest('/incident declare', ['Type ', el('code', {}, '/incident declare')])));
}

// What this person sees: public channels, private ones with them in it, and their direct message with the app.
const isMine = (known) => known.kind === 'im' ? known.id === 'D' + me.slice(1) : !known.is_private || !known.members || known.members.includes(me);
const mine = () => state.channels.filter((known) => isMine(known) && !known.is_archived).sort((a, b) => (a.kind === 'im') - (b.kind === 'im') || (a.name < b.name ? -1 : 1));
const place = () => state.channels.find((known) => known.id === channel);
const sign = (known) => known?.kind === 'im' ? '@' : known?.is_private ? '•' : '#';
const called = (known) => known?.kind === 'im' ? bot()?.name ?? known.name : known?.name ?? channel;
function drawPlace(current) {
  $('title').textContent = (current?.is_private ? '' : '#') + called(current);
  $('topic').textContent = current ? [current.is_private && current.kind !== 'im' ? 'private' : '', current.is_archived ? 'archived' : '', unescape(current.topic), current.pins.length ? `${current.pins.length} pinned` : ''].filter(Boolean).join(' · ') : '';
  $('join').hidden = !current?.members || current.members.includes(me) || current.is_archived;
  const links = (current?.bookmarks ?? []).map((bookmark) => [bookmark.emoji, reference('', bookmark.link, bookmark.title)]);
  $('bookmarks').hidden = !links.length;
  $('bookmarks').replaceChildren(...links.map(([emoji, link]) => el('li', {}, emoji ? emoji + ' ' : '', link)));
}
const HOME = 'home';
function drawHome() {
  const view = state.homes[me];
  $('title').textContent = `${bot()?.name ?? 'App'} · Home`;
  $('topic').textContent = ''; $('join').hidden = true; $('bookmarks').hidden = true;
  const act = (action, source) => pressInView(view, action, {}, source);
  const make = () => el('div', { class: 'home' }, view ? (view.blocks || []).map((block) => blockNode(block, act)) : el('p', {}, 'The app has not published a home tab for you yet.'));
  fill($('log'), [{ key: 'home', print: JSON.stringify(view ?? null), make }]);
}
function draw() {
  const current = place();
  if (channel !== HOME) drawPlace(current);
  document.title = `${$('title').textContent} · Tidegate sandbox`;
  const newest = (id) => state.channels.find((known) => known.id === id)?.newest_ts ?? '';
  seen[channel] = newest(channel);
  fill($('channels'), mine().map((known) => {
    seen[known.id] ??= newest(known.id);
    const unread = newest(known.id) > seen[known.id];
    const make = () => el('li', {}, el('button', { type: 'button', class: 'channel' + (unread ? ' unread' : ''), 'aria-current': known.id === channel ? 'page' : null, onclick: () => go(known.id) },
      el('span', { 'aria-hidden': 'true' }, sign(known)), el('span', { class: 'name' }, called(known)), unread ? el('span', { class: 'dot', role: 'img', 'aria-label': 'unread' }) : null));
    return { key: known.id, print: `${known.name} ${unread} ${known.id === channel}`, make };
  }));
  const people = state.users.filter((known) => !known.is_bot);
  if ($('me').childElementCount !== people.length) $('me').replaceChildren(...people.map((known) => el('option', { value: known.id, selected: known.id === me }, known.real_name)));
  if (shortcuts.childElementCount === 1) shortcuts.append(...state.shortcuts.filter((known) => known.is_global).map((known) => el('option', { value: known.callback_id }, known.name)));
  const latest = state.deliveries.at(-1);
  $('link').textContent = !state.has_app ? 'no app connected' : latest?.error === 'connection_failed' ? 'app not reachable' : 'app connected';
  $('compose').hidden = channel === HOME || Boolean(current?.is_archived);
  $('home').toggleAttribute('aria-current', channel === HOME);
  const messages = visible(null);
  if (channel === HOME) drawHome();
  else if (state.messages[channel]) fill($('log'), messages.length ? entriesOf(messages, false) : [{ key: 'empty', print: 'empty', make: emptyNode }]);
  $('thread').hidden = !thread;
  if (thread) fill($('thread-log'), entriesOf(visible(thread), true));
  drawDeliveries();
  drawModal();
}
const outcome = (attempt) => attempt.status ? `${attempt.status} in ${attempt.ms} ms` : `${(attempt.error || 'no answer').replace('_', ' ')} after ${attempt.ms} ms`;
const label = (attempt) => attempt.kind.replace(/_/g, ' ') + (attempt.retry_num ? ` (retry ${attempt.retry_num})` : '');
function drawDeliveries() {
  const latest = state.deliveries.slice(-60).reverse();
  $('past').replaceChildren(...(latest.length ? latest.map((attempt) => el('li', {}, el('span', {}, label(attempt)), el('span', { class: attempt.error ? 'bad' : 'good' }, outcome(attempt)), el('span', {}, new Date(attempt.at_ms).toLocaleTimeString()))) : [el('li', {}, 'None yet.')]));
}
function report(result) {
  said = true;
  if (result.error === 'no_app_url') return tell('No app is connected, so nothing was sent', true);
  if (result.error) return tell(`Not sent: ${result.error}`, true);
  const last = {};
  for (const attempt of result.attempts) last[attempt.event_id ?? attempt.kind] = attempt;
  const parts = Object.values(last).map((attempt) => `${label(attempt)}: ${outcome(attempt)}`);
  tell(parts.join(' · '), !result.ok);
}
function tell(text, bad) {
  $('status').textContent = text;
  $('status').className = bad === undefined ? '' : bad ? 'bad' : 'good';
}
async function attempt(path, body) {
  tell('Sending…');
  const sending = send(path, body).then((result) => { report(result); return result; }, () => tell('The sandbox is not reachable', true));
  setTimeout(poll, 30);
  const result = await sending;
  await poll();
  return result;
}
async function press(message, action, source) {
  source.disabled = true;
  const payload = { type: 'block_actions', user: { id: me }, channel: { id: channel }, actions: [{ ...action, action_ts: String(Date.now() / 1000) }],
    container: { type: 'message', message_ts: message.ts, channel_id: channel, is_ephemeral: Boolean(message.ephemeral), ...(message.thread_ts ? { thread_ts: message.thread_ts } : {}) } };
  await attempt('/_fake/interaction', { payload });
  source.disabled = false;
}
// The app hears of every click in a view; in a modal also what has been entered so far.
async function pressInView(view, action, more, source) {
  if (source) source.disabled = true;
  await attempt('/_fake/interaction', { payload: { type: 'block_actions', user: { id: me }, view: { id: view.id, ...more }, container: { type: 'view', view_id: view.id }, actions: [{ ...action, action_ts: String(Date.now() / 1000) }] } });
  if (source) source.disabled = false;
}
function goHome() { channel = HOME; thread = null; $('log').replaceChildren(); draw(); return attempt('/_fake/home', { user: me }); }
function go(id) { channel = id; thread = null; $('log').replaceChildren(); draw(); main.area.focus(); poll().then(poll); }
function openThread(ts) { thread = ts; $('thread-log').replaceChildren(); draw(); side.area.focus(); }
function closeThread() { thread = null; draw(); main.area.focus(); }

// What a Slack client does to typed text: escape it, and turn names into references.
function encode(text) {
  return text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;')
    .replace(/(^|\s)@([\w.-]*\w)/g, (whole, gap, name) => { const found = state.users.find((known) => known.name === name); return found ? `${gap}<@${found.id}>` : whole; })
    .replace(/(^|\s)#([\w-]+)/g, (whole, gap, name) => { const found = state.channels.find((known) => known.name === name); return found ? `${gap}<#${found.id}|${name}>` : whole; });
}
// The same for a command that asks for it: there a person comes with the name behind the id.
function escapeNames(text) { return encode(text).replace(/<@(\w+)>/g, (_, id) => `<@${id}|${nameOf(id)}>`); }
function composer(form, title, inThread) {
  const area = el('textarea', { rows: 1, 'aria-label': title, placeholder: title, autocomplete: 'off' });
  const grow = () => { area.style.height = 'auto'; area.style.height = area.scrollHeight + 'px'; };
  const insert = (text) => { const gap = area.value && !/\s$/.test(area.value.slice(0, area.selectionStart)) ? ' ' : ''; area.setRangeText(gap + text, area.selectionStart, area.selectionEnd, 'end'); area.focus(); };
  const bar = el('div', { class: 'bar' }, el('button', { type: 'button', title: 'Mention the app', onclick: () => insert('@' + (bot()?.name ?? 'tidegate') + ' ') }, '@ Mention'),
    inThread ? null : el('button', { type: 'button', title: 'Start a command', onclick: () => { area.value = '/incident '; area.focus(); } }, '/ Command'),
    el('button', { class: 'send', type: 'submit' }, 'Send'));
  form.append(el('div', { class: 'box' }, area, bar));
  area.addEventListener('input', grow);
  area.addEventListener('keydown', (event) => {
    if (event.key === 'Enter' && !event.shiftKey && !event.isComposing) { event.preventDefault(); form.requestSubmit(); }
    if (event.key === 'Escape' && thread) closeThread();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    const text = area.value.trim();
    if (!text || !state) return;
    const command = /^(\/[\w-]+)\s*([\s\S]*)$/.exec(text);
    if (command && inThread) return tell('Slack does not run commands in threads', true);
    area.value = ''; grow();
    if (command) attempt('/_fake/command', { user: me, channel, command: command[1], text: state.commands.find((known) => known.name === command[1])?.escapes ? escapeNames(command[2]) : command[2] });
    else attempt('/_fake/post', { user: me, channel, text: encode(text), thread_ts: inThread ? thread : null });
  });
  return { area };
}

let polling = null;
function poll() { return polling ??= refresh().finally(() => { polling = null; }); }
async function refresh() {
  try {
    const wanted = channel, since = state && loaded === wanted ? '&since=' + state.revision : '';
    const fresh = await (await fetch(`${base}/_fake/state?channel=${encodeURIComponent(wanted)}${since}`)).json();
    if (fresh.unchanged) return;
    loaded = wanted;
    state = { ...fresh, messages: { ...state?.messages, ...fresh.messages } };
    draw();
    if (!said && state.deliveries.length) tell(`Last request: ${label(state.deliveries.at(-1))}: ${outcome(state.deliveries.at(-1))}`, Boolean(state.deliveries.at(-1).error));
  } catch { $('link').textContent = 'sandbox unreachable'; loaded = null; }
}
const main = composer($('compose'), 'Write a message, or /incident declare', false);
const side = composer($('thread-compose'), 'Reply in this thread', true);
$('close-thread').addEventListener('click', closeThread);
$('me').addEventListener('change', (event) => {
  me = event.target.value;
  $('log').replaceChildren();
  if (channel !== HOME && !isMine(place() ?? { kind: '' })) { channel = 'C0GENERAL01'; thread = null; }
  if (channel === HOME) goHome(); else { draw(); poll(); }
});
$('home').addEventListener('click', goHome);
$('join').addEventListener('click', () => attempt('/_fake/join', { user: me, channel }));
const shortcuts = $('shortcuts');
shortcuts.addEventListener('change', () => { const callback_id = shortcuts.value; shortcuts.selectedIndex = 0; attempt('/_fake/shortcut', { user: me, callback_id }); });
document.addEventListener('keydown', (event) => {
  if (!event.altKey || !state || !/^Arrow(Up|Down)$/.test(event.key)) return;
  event.preventDefault();
  const ids = mine().map((known) => known.id);
  go(ids[(ids.indexOf(channel) + (event.key === 'ArrowDown' ? 1 : ids.length - 1)) % ids.length]);
});
poll().then(() => main.area.focus());
setInterval(() => { if (!document.hidden) poll(); }, 900);
