// One message: who wrote it, what it says, and what a person can do with it.
const COLOURS = ['#7a5195', '#b4533c', '#3d6fa5', '#667c2b', '#a0447a', '#4f6d7a'];
const colour = (id) => COLOURS[[...id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % COLOURS.length];
const clockTime = (ts) => new Date(Number(ts) * 1000).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });
function messageNode(message, follow, inThread, replies) {
  const isApp = Boolean(message.bot_id) || (message.ephemeral && !message.from_slack);
  const author = message.from_slack ? 'Slackbot' : isApp ? bot()?.name ?? 'app' : nameOf(message.user);
  const avatar = isApp ? el('div', { class: 'avatar', style: 'background:#0b6e77', 'aria-hidden': 'true' }, wave())
    : el('div', { class: 'avatar', style: `background:${colour(author)}`, 'aria-hidden': 'true' }, author.slice(0, 1).toUpperCase());
  const act = (action, source) => press(message, action, source);
  return el('article', { class: 'message' + (follow ? ' follow' : '') + (message.ephemeral ? ' private' : ''), 'aria-label': `${author} at ${clockTime(message.ts)}` }, avatar,
    el('div', { class: 'body' },
      message.ephemeral ? el('div', { class: 'only' }, 'Only visible to you') : isPinned(message.ts) ? el('div', { class: 'only' }, 'Pinned') : null,
      el('div', { class: 'head' }, el('span', { class: 'who' }, author), isApp || message.from_slack ? el('span', { class: 'app' }, 'APP') : null, el('time', { datetime: new Date(Number(message.ts) * 1000).toISOString() }, clockTime(message.ts))),
      message.blocks?.length ? message.blocks.map((block) => blockNode(block, act)) : el('div', { class: 'text' }, rich(message.text)),
      message.edited_ts ? el('span', { class: 'edited', style: 'margin:0' }, '(edited)') : null,
      (message.reactions || []).map((reaction) => el('button', { type: 'button', class: 'reaction', 'aria-pressed': String(reaction.users.includes(me)), title: reaction.users.map(nameOf).join(', '), onclick: () => react(message, reaction.name, reaction.users.includes(me)) }, `:${reaction.name}: ${reaction.users.length}`)),
      replies && !inThread ? el('div', {}, el('button', { type: 'button', class: 'replies', onclick: () => openThread(message.ts) }, replies === 1 ? '1 reply' : `${replies} replies`)) : null),
    message.ephemeral ? null : tools(message, inThread));
}
const isPinned = (ts) => Boolean(place()?.pins.includes(ts));
// The message is named when it is clicked: by then another channel may be shown.
function react(message, name, remove) { return attempt('/_fake/react', { user: me, channel: message.channel, ts: message.ts, name, remove }); }
const EMOJI = ['eyes', '+1', 'pushpin', 'stopwatch', 'white_check_mark', 'memo'];
function tools(message, inThread) {
  const of = { user: me, channel: message.channel, ts: message.ts }, pinned = isPinned(message.ts);
  const own = message.user === me && !message.bot_id;
  const items = [
    ...EMOJI.map((name) => [`:${name}:`, () => react(message, name, (message.reactions || []).some((known) => known.name === name && known.users.includes(me)))]),
    [pinned ? 'Unpin' : 'Pin', () => attempt('/_fake/pin', { ...of, remove: pinned })],
    ...state.shortcuts.filter((known) => !known.is_global).map((known) => [known.name, () => attempt('/_fake/shortcut', { ...of, callback_id: known.callback_id })]),
    ...(own ? [['Edit', () => { const text = prompt('New text', unescape(message.text)); if (text) attempt('/_fake/edit', { ...of, text: encode(text) }); }], ['Delete', () => attempt('/_fake/delete', of)]] : []),
  ];
  const menu = el('select', { 'aria-label': 'More actions', onchange: (event) => { const item = items[event.target.selectedIndex - 1]; event.target.selectedIndex = 0; item?.[1](); } },
    el('option', {}, 'More…'), items.map(([name]) => el('option', {}, name)));
  return el('div', { class: 'tools' }, inThread ? null : el('button', { type: 'button', onclick: () => openThread(message.ts) }, 'Reply in thread'), menu);
}
