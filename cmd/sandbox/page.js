'use strict';
// Draws the state that /live streams, and sends what a person does. It makes no markup of any text: only nodes and textContent.

const $ = id => document.getElementById(id);
const may = { alice: 'may purge', bob: 'may purge', mallory: 'may not purge' };
let me = 'alice', chat = 'slack', thread = '', source = null;

// el makes an element; what is no node becomes text.
function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onclick') node.addEventListener('click', value);
    else if (value !== false && value != null) node.setAttribute(name, value === true ? '' : value);
  }
  node.append(...children.filter(c => c !== null && c !== false));
  return node;
}

// sync keeps one node per key in the order of items, and paints each. Nodes stay where they are: moving one loses its focus.
function sync(list, items, paint, tag = 'li') {
  const old = new Map([...list.children].map(node => [node.dataset.key, node]));
  let next = list.firstElementChild;
  for (const item of items) {
    let node = old.get(item.key);
    old.delete(item.key);
    if (!node) {
      node = el(tag, { 'data-key': item.key });
      list.insertBefore(node, next);
    } else if (node === next) next = next.nextElementSibling;
    else list.insertBefore(node, next);
    paint(node, item);
  }
  for (const node of old.values()) node.remove();
}

// repaint fills a node anew if its value changed; what is unfolded stays so, and focus stays on what has the same name.
// It reports whether the node was shown before with another value.
function repaint(node, value, build) {
  const text = JSON.stringify(value), before = node.drawn;
  if (before === text) return false;
  node.drawn = text;
  const open = new Set([...node.querySelectorAll('details[open]')].map(d => d.dataset.fold));
  const focus = node.contains(document.activeElement) && document.activeElement.dataset.focus;
  node.replaceChildren(...build(value).filter(child => child));
  for (const d of node.querySelectorAll('details')) d.open = open.has(d.dataset.fold);
  if (focus) (node.querySelector(`[data-focus="${CSS.escape(focus)}"]`) ?? $('say')).focus({ preventScroll: true });
  return before !== undefined;
}

// --- the chat

const clock = ms => new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

let atEnd = true; // the newest message is in view, and is to stay so

function toEnd() {
  if (atEnd) $('scroll').scrollTop = $('scroll').scrollHeight;
}

function drawMessages(all) {
  const roots = new Map();
  for (const m of all) {
    const root = m.root && roots.get(m.root);
    if (root) root.replies.push(m);
    else roots.set(m.key, { key: m.key, message: m, replies: [] });
  }
  sync($('messages'), [...roots.values()], (node, item) => {
    if (!node.firstChild) node.append(el('div'), el('ol', { class: 'thread', 'aria-label': 'Thread' }));
    drawMessage(node.firstChild, item.message);
    sync(node.lastChild, item.replies, (reply, m) => {
      if (!reply.firstChild) reply.append(el('div'));
      drawMessage(reply.firstChild, m);
    });
  });
  $('welcome').hidden = all.length > 0;
  toEnd();
}

function drawMessage(node, m) {
  const edited = repaint(node, m, () => [
    el('span', { class: 'face ' + m.who, 'data-name': m.from, 'aria-hidden': 'true' }, m.from.slice(0, 1).toUpperCase()),
    el('div', { class: 'said-by' },
      el('b', {}, m.from), m.who === 'bot' && el('span', { class: 'tag' }, 'APP'),
      el('time', {}, clock(m.at)), m.edited && el('span', { class: 'edited' }, '(edited)'),
      m.onlyYou && el('span', { class: 'only', 'data-testid': 'only-you' }, 'only you see this'),
      m.direct && el('span', { class: 'only' }, 'direct message')),
    el('div', { class: 'content' },
      ...(m.parts ?? []).map(p => el(p.kind === 'code' ? 'pre' : 'p', { class: p.kind }, p.text)),
      ...(m.files ?? []).map((f, i) => el('details', { class: 'file', 'data-fold': 'file' + i },
        el('summary', { 'data-focus': 'file' + i }, f.name), el('pre', {}, f.text + (f.cut ? '…' : '')))),
      m.buttons && el('div', { class: 'buttons' }, ...m.buttons.map(b => el('button', {
        type: 'button', class: b.style, 'data-focus': 'press ' + b.label,
        onclick: e => act('press', { Channel: m.channel, Message: m.id, Label: b.label }, $('said'), e.currentTarget),
      }, b.label))),
      m.open && el('button', {
        type: 'button', class: 'reply', 'data-focus': 'reply', 'aria-label': 'Reply in the thread of ' + title(m),
        onclick: () => replyTo(m),
      }, 'Reply in thread')),
  ]);
  node.className = 'message ' + m.who + (m.onlyYou ? ' private' : '');
  node.dataset.testid = 'message';
  if (edited) flash(node);
}

const title = m => m.parts?.[0]?.text.split('\n')[0] ?? 'this message';

// flash marks what has just changed.
function flash(node) {
  node.classList.remove('changed');
  void node.offsetWidth; // begins the animation anew
  node.classList.add('changed');
}

function replyTo(m) {
  thread = m.id;
  $('replying').hidden = false;
  $('replying-to').textContent = 'In the thread of ' + title(m);
  fill('@purgebot ');
}

function stopReplying() {
  thread = '';
  $('replying').hidden = true;
}

function fill(text) {
  $('say').value = text;
  grow();
  $('say').focus();
}

function grow() {
  const say = $('say');
  say.style.height = 'auto';
  say.style.height = Math.min(say.scrollHeight + 2, 160) + 'px';
}

const typed = [];
let recall = 0; // how far back in what was typed

async function send() {
  const text = $('say').value;
  if (!text.trim()) return;
  typed.push(text);
  recall = 0;
  atEnd ||= thread === '';
  $('say').value = '';
  grow();
  if (!await act('type', { Text: text, Thread: thread }, $('said')) && !$('say').value) fill(text);
}

function keys(e) {
  if (e.isComposing) return;
  if (e.key === 'Enter' && !e.shiftKey) {
    e.preventDefault();
    send();
  } else if (e.key === 'ArrowUp' && recall < typed.length && (!$('say').value || recall)) {
    e.preventDefault();
    fill(typed.at(-++recall));
  } else if (e.key === 'ArrowDown' && recall) {
    e.preventDefault();
    fill(--recall ? typed.at(-recall) : '');
  }
}

// --- the form that the bot opens

function drawForm(f) {
  const dialog = $('form');
  if (!f) {
    dialog.drawn = undefined;
    if (dialog.open) dialog.close();
    return;
  }
  const shape = { key: f.key, title: f.title, fields: f.fields.map(({ error, ...field }) => field) };
  repaint(dialog, shape, () => [formFor(f)]);
  for (const field of f.fields) {
    const error = $('error ' + field.block);
    error.textContent = field.error;
    $('input ' + field.block).setAttribute('aria-invalid', field.error !== '');
  }
  $('form-error').textContent = f.error;
  if (!dialog.open) dialog.showModal();
}

function formFor(f) {
  const body = el('form', { method: 'dialog' },
    el('h2', { id: 'form-title' }, f.title),
    ...f.fields.map(inputFor),
    el('p', { id: 'form-error', class: 'error', role: 'alert' }),
    el('div', { class: 'buttons' },
      el('button', { type: 'button', onclick: () => act('close', {}, $('said')) }, f.close),
      el('button', { class: 'primary', 'data-testid': 'form-submit' }, f.submit)));
  body.addEventListener('submit', e => {
    e.preventDefault();
    const values = Object.fromEntries(f.fields.map(field => [field.block, $('input ' + field.block).value]));
    act('submit', { Values: values }, $('form-error'), e.submitter);
  });
  return body;
}

function inputFor(field) {
  const attributes = { id: 'input ' + field.block, 'data-testid': 'form-' + field.block, 'aria-describedby': 'error ' + field.block };
  let input;
  if (field.options?.length) {
    input = el('select', attributes, ...(field.value ? [] : [el('option', { value: '' }, '–')]), ...field.options.map(o => el('option', { value: o }, o)));
  } else {
    input = el(field.lines ? 'textarea' : 'input', field.lines ? { ...attributes, rows: 3 } : attributes);
  }
  input.value = field.value;
  return el('div', { class: 'field' },
    el('label', { for: attributes.id }, field.label, field.optional && el('span', {}, ' optional')),
    input, field.hint && el('p', { class: 'note' }, field.hint),
    el('p', { class: 'error', id: 'error ' + field.block, role: 'alert' }));
}

// --- what the CDN receives

// runs folds the look-ups between two purges into one item.
function runs(requests) {
  const items = [];
  for (const r of requests) {
    if (r.area) items.push({ key: r.key, purge: r });
    else if (items.at(-1)?.looks) Object.assign(items.at(-1), { key: 'looks ' + r.key, looks: [...items.at(-1).looks, r] });
    else items.push({ key: 'looks ' + r.key, looks: [r] });
  }
  return items;
}

function drawRequests(all) {
  sync($('requests'), runs(all), (node, item) => {
    repaint(node, item, () => [item.purge ? purgeCall(item.purge) : lookUps(item.looks)]);
    node.className = item.purge ? 'call ' + item.purge.tone : 'looks';
    if (item.purge) node.dataset.testid = 'request';
  });
  const purges = all.filter(r => r.area).length;
  $('no-calls').hidden = all.length > 0;
  $('calls-count').textContent = purges;
}

const check = r => r.tone === 'busy' ? el('span', { class: 'tick wait' }, '… not judged yet')
  : el('span', { class: r.verified ? 'tick' : 'tick no', 'data-testid': 'verified' }, r.verified ? '✓ signature verified' : '✗ signature not verified');

const outcome = r => el('span', { class: 'outcome ' + r.tone, 'data-testid': 'outcome' }, r.outcome);

function purgeCall(r) {
  const targets = r.targets ?? [], more = targets.length + r.more - 2;
  return el('article', {},
    el('div', { class: 'row' }, el('b', { class: 'action' }, r.action), el('span', { class: 'area' }, r.area), el('time', {}, clockWithSeconds(r.at))),
    el('ul', { class: 'targets' }, ...targets.slice(0, 2).map(t => el('li', {}, t)), more > 0 && el('li', {}, `and ${more} more`)),
    el('div', { class: 'row' }, check(r), outcome(r)),
    parameters(r));
}

const clockWithSeconds = ms => new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', second: '2-digit' });

function parameters(r) {
  return el('details', { 'data-fold': 'params ' + r.key },
    el('summary', { 'data-focus': 'params ' + r.key }, 'Parameters and signature'),
    el('p', { class: 'wire' }, r.line),
    el('dl', { class: 'params' }, ...(r.params ?? []).flatMap(p => [el('dt', {}, p.Name), el('dd', {}, p.Value)])),
    r.more > 0 && el('p', { class: 'note' }, `and ${r.more} more targets`));
}

function lookUps(all) {
  const key = 'looks ' + all.at(-1).key, n = all.length;
  const bad = all.find(r => r.tone === 'bad');
  return el('details', { 'data-fold': key },
    el('summary', { 'data-focus': key }, `${n} look-up${n > 1 ? 's' : ''}: is it done yet?`, bad ? outcome(bad) : null),
    ...all.map(r => el('div', { class: 'look' }, el('div', { class: 'row' }, el('b', { class: 'action' }, r.action), el('time', {}, clockWithSeconds(r.at))),
      el('div', { class: 'row' }, check(r), outcome(r)), parameters(r))));
}

function drawQuota(all) {
  sync($('quota'), all, (node, q) => repaint(node, q, () => {
    const bar = el('span', {
      class: 'bar', role: 'meter', 'aria-valuemin': 0, 'aria-valuemax': q.total, 'aria-valuenow': q.used,
      'aria-label': `${q.area} ${kinds[q.kind]} used`,
    }, el('span', {}));
    bar.firstChild.style.width = q.used ? Math.max(1.5, 100 * q.used / q.total) + '%' : '0';
    return [el('span', { class: 'what' }, `${q.area} ${kinds[q.kind]}`), bar, el('span', { class: 'count' }, `${q.used} of ${q.total.toLocaleString('en')}`)];
  }));
}

const kinds = { url: 'URLs', directory: 'directories' };

// --- the edges

function drawEdges(all) {
  const items = [];
  for (const e of all) {
    if (items.at(-1)?.site !== e.site) items.push({ key: 'site ' + e.site, site: e.site, heading: true });
    items.push(e);
  }
  sync($('cached'), items, (row, item) => {
    if (item.heading) repaint(row, item, () => [el('th', { colspan: 3, scope: 'rowgroup', class: 'site' }, item.site)]);
    else drawEdge(row, item);
  }, 'tr');
  const stale = all.flatMap(e => [e.mainland, e.overseas]).filter(c => c.state === 'stale').length;
  $('edges-count').textContent = stale + ' stale';
}

function drawEdge(row, e) {
  row.dataset.testid = 'edge';
  row.dataset.url = e.key;
  if (!row.firstChild) row.append(el('th', { scope: 'row' }), el('td', { 'data-area': 'mainland' }), el('td', { 'data-area': 'overseas' }));
  const [head, mainland, overseas] = row.children;
  repaint(head, e.path, () => [el('span', { class: 'path', title: e.key }, e.path), el('button', {
    type: 'button', class: 'quiet', 'data-focus': 'deploy', 'aria-label': 'Deploy a new version of ' + e.key,
    onclick: () => act('deploy', { URL: e.key }, $('visited')),
  }, 'deploy new version')]);
  drawCell(mainland, e, 'mainland');
  drawCell(overseas, e, 'overseas');
}

function drawCell(cell, e, area) {
  const c = e[area], was = cell.dataset.state;
  cell.dataset.state = c.state;
  const changed = repaint(cell, { ...c, url: e.key }, () => [
    el('span', { class: 'state ' + (c.state || 'none'), 'data-testid': 'state' }, { fresh: 'Fresh', stale: 'Stale', '': 'Not cached' }[c.state]),
    el('span', { class: 'under' },
      c.outdated && c.state === 'fresh' && el('span', { class: 'old', title: 'The origin has a newer version' }, 'old'),
      el('button', {
        type: 'button', class: 'quiet', 'data-focus': 'visit', 'aria-label': `Visit ${e.key} in ${area}`,
        onclick: () => act('visit', { URL: e.key, Area: area }, $('visited')),
      }, 'visit'))]);
  if (changed) flash(cell);
  if (changed && was !== c.state) $('announce').textContent = `${e.key} is now ${c.state} in ${area}`;
}

// --- the faults

function drawFaults(f) {
  for (const side of f.sides) drawSide(side.key, side.troubles, side.now);
  const hints = f.sides.filter(s => s.now !== 'fine').map(s => s.troubles.find(t => t.name === s.now).hint);
  $('fault-hint').textContent = hints.length ? hints.join(' ') : 'Nothing is broken.';
  $('mend').disabled = hints.length === 0;
  $('faults').classList.toggle('on', hints.length > 0);
}

function drawSide(side, all, now) {
  const box = $('faults-' + side);
  repaint(box, all, () => all.map(t => {
    const input = el('input', { type: 'radio', name: 'fault-' + side, value: t.name, 'data-testid': `fault-${side}-${t.name}` });
    input.addEventListener('change', () => act('fault', { Side: side, Fault: t.name, OnlyNext: $('only-next').checked }, $('said')));
    return el('label', { title: t.hint }, input, el('span', {}, t.label));
  }));
  for (const input of box.querySelectorAll('input')) input.checked = input.value === now;
}

// --- to and fro

// act tells the server what somebody did, says in words why it was refused, and reports whether it was not.
async function act(what, deed, say, button) {
  if (button?.busy) return false;
  if (button) button.busy = true; // and not disabled, which would take the focus from it
  say.textContent = '';
  try {
    const answer = await fetch('/' + what, { method: 'POST', body: JSON.stringify({ Chat: chat, As: me, ...deed }) });
    if (!answer.ok) say.textContent = (await answer.text()).trim();
    return answer.ok;
  } catch {
    say.textContent = 'The sandbox did not answer.';
    return false;
  } finally {
    if (button) button.busy = false;
  }
}

function listen() {
  source?.close();
  source = new EventSource('/live?' + new URLSearchParams({ chat, as: me }));
  source.onmessage = e => draw(JSON.parse(e.data));
  source.onopen = () => linked(true);
  source.onerror = () => linked(false);
}

function linked(yes) {
  $('lost').hidden = yes;
  $('link').textContent = yes ? 'live' : 'offline';
  $('link').dataset.state = yes ? 'live' : 'lost';
}

function draw(s) {
  drawMessages(s.messages);
  drawForm(s.form);
  drawRequests(s.requests);
  drawEdges(s.edges);
  drawQuota(s.quota);
  drawFaults(s.faults);
}

function become(name, where) {
  me = name;
  chat = where;
  $('chat').dataset.chat = where;
  $('may').textContent = may[name];
  $('say').placeholder = `Message #cdn in ${{ slack: 'Slack', discord: 'Discord' }[where]} as ${name}`;
  stopReplying();
  listen();
}

$('scroll').addEventListener('scroll', e => { atEnd = e.target.scrollHeight - e.target.scrollTop - e.target.clientHeight < 40; });
new ResizeObserver(toEnd).observe($('scroll'));
$('composer').addEventListener('submit', e => { e.preventDefault(); send(); });
$('say').addEventListener('keydown', keys);
$('say').addEventListener('input', grow);
$('replying-stop').addEventListener('click', () => { stopReplying(); fill(''); });
$('chips').addEventListener('click', e => {
  if (!e.target.dataset.text) return;
  stopReplying();
  fill(e.target.dataset[chat] ?? e.target.dataset.text); // Discord has options where others have flags
});
$('form').addEventListener('cancel', e => { e.preventDefault(); act('close', {}, $('said')); });
$('visit').addEventListener('submit', async e => {
  e.preventDefault();
  const url = $('visit-url').value.trim();
  if (url && await act('visit', { URL: url }, $('visited'))) $('visit-url').value = '';
});
$('mend').addEventListener('click', async () => {
  for (const side of ['cdn', 'slack', 'discord']) await act('fault', { Side: side, Fault: 'fine' }, $('said'));
});
const chosen = name => document.querySelector(`input[name=${name}]:checked`).value;
const arrive = () => become(chosen('as'), chosen('chat'));
for (const input of document.querySelectorAll('input[name=as], input[name=chat]')) input.addEventListener('change', arrive);
arrive(); // a reload keeps what was chosen
