// Modals: inputs, what was entered, submission and its errors.
function input(element, block) {
  const id = `field-${block.block_id}-${element.action_id}`, type = element.type, start = element.initial_value ?? '';
  if (type === 'plain_text_input' || /^(number|email_text|url_text)_input$/.test(type)) {
    const kinds = { number_input: 'number', email_text_input: 'email', url_text_input: 'url' };
    const node = element.multiline ? el('textarea', { id, rows: 4, maxlength: element.max_length, placeholder: textOf(element.placeholder) }) : el('input', { id, type: kinds[type] ?? 'text', maxlength: element.max_length, placeholder: textOf(element.placeholder), step: element.is_decimal_allowed ? 'any' : null });
    node.value = start;
    return { id, node, read: () => ({ type, value: node.value === '' ? null : node.value }) };
  }
  if (type === 'datepicker' || type === 'timepicker') {
    const key = type === 'datepicker' ? 'selected_date' : 'selected_time', node = el('input', { id, type: type === 'datepicker' ? 'date' : 'time' });
    node.value = element.initial_date ?? element.initial_time ?? '';
    return { id, node, read: () => ({ type, [key]: node.value || null }) };
  }
  if (type === 'datetimepicker') {
    const node = el('input', { id, type: 'datetime-local' });
    const two = (number) => String(number).padStart(2, '0');
    if (element.initial_date_time) { const at = new Date(element.initial_date_time * 1000); node.value = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}`; }
    return { id, node, read: () => ({ type, selected_date_time: node.value ? Math.floor(new Date(node.value).getTime() / 1000) : null }) };
  }
  const options = optionsOf(element);
  if (type === 'checkboxes' || type === 'radio_buttons') {
    const initial = [element.initial_option, ...(element.initial_options || [])].filter(Boolean).map((option) => option.value);
    const boxes = options.map((option) => el('input', { type: type === 'checkboxes' ? 'checkbox' : 'radio', name: id, checked: initial.includes(option.value) }));
    const picked = () => options.filter((_, at) => boxes[at].checked).map((choice) => choice.option);
    return { node: el('fieldset', { 'aria-label': textOf(block.label) }, options.map((option, at) => el('label', {}, boxes[at], option.label))), read: () => type === 'checkboxes' ? { type, selected_options: picked() } : { type, selected_option: picked()[0] ?? null } };
  }
  const multiple = type.startsWith('multi_');
  const initial = [element.initial_option?.value, element.initial_user, element.initial_conversation, element.initial_channel, ...(element.initial_options || []).map((option) => option.value), ...(element.initial_users || [])];
  const node = el('select', { id, multiple }, multiple ? [] : [el('option', { value: '' }, textOf(element.placeholder) || 'Choose…')], options.map((option) => el('option', { value: option.value, selected: initial.includes(option.value) }, option.label)));
  const picked = () => [...node.selectedOptions].map((option) => options.find((known) => known.value === option.value)).filter(Boolean);
  const many = () => /users/.test(type) ? { selected_users: picked().map((p) => p.value) } : /conversations/.test(type) ? { selected_conversations: picked().map((p) => p.value) } : /channels/.test(type) ? { selected_channels: picked().map((p) => p.value) } : { selected_options: picked().map((p) => p.option) };
  return { id, node, read: () => ({ type, ...(multiple ? many() : chosen(element, picked()[0])) }) };
}
function drawModal() {
  const open = state.views.filter((shown) => shown.user === me).at(-1), modal = $('modal');
  const print = open ? JSON.stringify(open.view) : null;
  if (print === shownView) return;
  shownView = print;
  if (!open) { if (modal.open) modal.close(); return; }
  const view = open.view, fields = [];
  // What was typed stays when the app updates the view, as long as the field is called the same.
  const typed = new Map(modal.open && modal.dataset.view === view.id ? [...modal.querySelectorAll('input[id], textarea[id], select[id]')].map((node) => [node.id, node.value]) : []);
  modal.dataset.view = view.id;
  const entered = () => Object.fromEntries(fields.map(({ block, made }) => [block.block_id, { [block.element.action_id]: made.read() }]));
  const act = (action) => pressInView(view, action, { state: { values: entered() } });
  const nodes = (view.blocks || []).map((block) => {
    if (block.type !== 'input') return blockNode(block, act);
    const made = input(block.element, block), problem = el('div', { class: 'problem', role: 'alert' });
    if (made.id && typed.has(made.id) && !made.node.multiple) made.node.value = typed.get(made.id);
    fields.push({ block, made, problem });
    return el('div', { class: 'field' }, el(made.id ? 'label' : 'legend', { for: made.id }, textOf(block.label), block.optional ? el('span', { class: 'hint' }, ' (optional)') : null), made.node, block.hint ? el('div', { class: 'hint' }, textOf(block.hint)) : null, problem);
  });
  const submit = async (event) => {
    event.preventDefault();
    const values = entered();
    let complete = true;
    for (const { block, made, problem } of fields) {
      const value = made.read();
      const { type, ...rest } = value;
      const blank = Object.values(rest).every((part) => part === null || (Array.isArray(part) && !part.length));
      problem.textContent = blank && !block.optional ? 'Please complete this required field.' : '';
      complete &&= !problem.textContent;
    }
    if (!complete) return;
    const result = await attempt('/_fake/interaction', { payload: { type: 'view_submission', user: { id: me }, view: { id: view.id, state: { values } } } });
    let answer = null;
    if (!result || result.error || !result.ok) { trouble.textContent = 'We had some trouble connecting. Try again?'; return; }
    try { answer = JSON.parse(result.attempts.at(-1).body); } catch { /* an empty answer closes the modal */ }
    for (const { block, problem } of fields) problem.textContent = answer?.response_action === 'errors' ? answer.errors?.[block.block_id] ?? '' : '';
  };
  const close = async () => {
    if (view.notify_on_close) await attempt('/_fake/interaction', { payload: { type: 'view_closed', is_cleared: false, user: { id: me }, view: { id: view.id } } });
    else { await send('/_fake/views/' + encodeURIComponent(view.id), undefined, 'DELETE').catch(() => {}); await poll(); }
  };
  const trouble = el('div', { class: 'problem', role: 'alert' });
  modal.oncancel = (event) => { event.preventDefault(); close(); };
  modal.replaceChildren(el('form', { onsubmit: submit, novalidate: true }, el('h2', { id: 'modal-title' }, textOf(view.title)), el('div', { class: 'fields-list' }, nodes, trouble),
    el('div', { class: 'foot' }, el('button', { type: 'button', class: 'action', onclick: close }, textOf(view.close) || 'Cancel'), view.submit ? el('button', { class: 'action primary' }, textOf(view.submit)) : null)));
  if (!modal.open) modal.showModal();
}

