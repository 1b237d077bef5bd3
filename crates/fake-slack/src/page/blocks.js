// Block Kit: what a block looks like, and what an element sends when it is used.
function blockNode(block, act) {
  switch (block.type) {
    case 'header': return el('div', { class: 'block header' }, textOf(block.text));
    case 'divider': return el('hr');
    case 'input': { const made = input(block.element, block); return el('div', { class: 'field' }, el('label', { for: made.id }, textOf(block.label)), made.node); }
    case 'section': return el('div', {}, block.text || block.accessory ? el('div', { class: 'block section' }, el('div', { class: 'text' }, textNodes(block.text)), block.accessory && control(block, block.accessory, act)) : null,
      block.fields ? el('div', { class: 'block fields' }, block.fields.map((field) => el('div', { class: 'text' }, textNodes(field)))) : null);
    case 'context': return el('div', { class: 'block context' }, (block.elements || []).map((item) => el('span', {}, item.type === 'image' ? item.alt_text || '' : textNodes(item))));
    case 'actions': return el('div', { class: 'block actions' }, (block.elements || []).map((element) => control(block, element, act)));
    case 'image': return el('div', { class: 'block context' }, 'Image: ' + (block.alt_text || textOf(block.title)));
    case 'rich_text': return el('div', { class: 'block text' }, (block.elements || []).map(runs));
    default: return el('div', { class: 'block context' }, `[${block.type}]`);
  }
}
function optionsOf(element) {
  if (/users_select$/.test(element.type)) return state.users.filter((known) => !known.is_bot).map((known) => ({ value: known.id, label: known.real_name }));
  if (/(conversations|channels)_select$/.test(element.type)) return state.channels.map((known) => ({ value: known.id, label: '#' + known.name }));
  return [...(element.options || []), ...(element.option_groups || []).flatMap((group) => group.options)].map((option) => ({ value: option.value, label: textOf(option.text), option }));
}
function chosen(element, choice) {
  if (/users_select$/.test(element.type)) return { selected_user: choice?.value ?? null };
  if (/conversations_select$/.test(element.type)) return { selected_conversation: choice?.value ?? null };
  if (/channels_select$/.test(element.type)) return { selected_channel: choice?.value ?? null };
  return { selected_option: choice?.option ?? null };
}
function control(block, element, act) {
  const common = { type: element.type, action_id: element.action_id, block_id: block.block_id };
  if (element.type === 'button') {
    const press = (event) => {
      if (/^https?:/i.test(element.url || '')) window.open(element.url, '_blank', 'noopener');
      if (!element.confirm || confirm(textOf(element.confirm.text))) act({ ...common, text: element.text, value: element.value }, event.currentTarget);
    };
    return el('button', { type: 'button', class: 'action ' + (element.style === 'primary' || element.style === 'danger' ? element.style : ''), 'aria-label': element.accessibility_label, onclick: press }, textOf(element.text));
  }
  if (/^(static|users|conversations|channels)_select$|^overflow$/.test(element.type)) {
    const options = optionsOf(element);
    const choose = (event) => { const choice = options[event.target.selectedIndex - 1]; if (choice) act({ ...common, ...chosen(element, choice) }, event.target); };
    return el('select', { 'aria-label': textOf(element.placeholder) || 'Choose', onchange: choose }, el('option', {}, textOf(element.placeholder) || (element.type === 'overflow' ? '⋯' : 'Choose…')), options.map((option) => el('option', { selected: option.value === (element.initial_option?.value ?? element.initial_user ?? element.initial_conversation ?? element.initial_channel) }, option.label)));
  }
  if (/^(checkboxes|radio_buttons|multi_\w+_select|(date|time|datetime)picker)$/.test(element.type)) {
    const made = input(element, block);
    made.node.addEventListener('change', (event) => act({ ...common, ...made.read() }, event.target));
    return made.node;
  }
  return el('span', { class: 'badge' }, element.alt_text || element.type);
}

