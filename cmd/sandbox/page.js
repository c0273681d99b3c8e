'use strict';
// Draws the state that /live streams, and sends what a person does. It makes no markup of any text: only nodes and textContent.

const $ = id => document.getElementById(id);
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
  if (focus) (node.querySelector(`[data-focus="${CSS.escape(focus)}"]`) ?? node.closest('.pane').querySelector('textarea'))?.focus({ preventScroll: true });
  return before !== undefined;
}

// --- the chat

const clock = ms => new Date(ms).toLocaleTimeString([], { hour: '2-digit', minute: '2-digit' });

// A pane is one chat: what it shows belongs to its chat and person, and p.$ finds its parts.
function pane(section) {
  const { chat, name } = section.dataset;
  const parts = $('chat').content.cloneNode(true);
  for (const node of parts.querySelectorAll('*')) {
    for (const a of node.attributes) a.value = a.value.replaceAll('*', chat);
  }
  section.append(parts);
  const p = {
    chat, name, $: part => $(chat + '-' + part), me: '', thread: '', source: null, live: true,
    atEnd: true, // the newest message is in view, and is to stay so
    typed: [], recall: 0, // how far back in what was typed
  };
  p.$('title').append(name, el('span', { class: 'hash' }, ' #cdn'));
  p.$('scroll').addEventListener('scroll', e => { p.atEnd = e.target.scrollHeight - e.target.scrollTop - e.target.clientHeight < 40; });
  new ResizeObserver(() => toEnd(p)).observe(p.$('scroll'));
  p.$('composer').addEventListener('submit', e => { e.preventDefault(); send(p); });
  p.$('say').addEventListener('keydown', e => keys(p, e));
  p.$('say').addEventListener('input', () => grow(p));
  p.$('replying-stop').addEventListener('click', () => { stopReplying(p); fill(p, ''); });
  p.$('chips').addEventListener('click', e => {
    const text = e.target.dataset;
    if (!text.slack) return;
    stopReplying(p);
    fill(p, text[chat] ?? text.slack); // Discord has options where others have flags
  });
  p.$('form').addEventListener('cancel', e => { e.preventDefault(); act(p, 'close', {}, p.$('said')); });
  for (const input of section.querySelectorAll('.people input')) input.addEventListener('change', () => become(p));
  become(p); // a reload keeps who was chosen
  return p;
}

function become(p) {
  p.me = document.querySelector(`input[name=${p.chat}-as]:checked`).value;
  p.$('say').placeholder = `Message #cdn in ${p.name} as ${p.me}`;
  stopReplying(p);
  listen(p);
}

function toEnd(p) {
  if (p.atEnd) p.$('scroll').scrollTop = p.$('scroll').scrollHeight;
}

function drawMessages(p, all) {
  const roots = new Map();
  for (const m of all) {
    const root = m.root && roots.get(m.root);
    if (root) root.replies.push(m);
    else roots.set(m.key, { key: m.key, message: m, replies: [] });
  }
  sync(p.$('messages'), [...roots.values()], (node, item) => {
    if (!node.firstChild) node.append(el('div'), el('ol', { class: 'thread', 'aria-label': 'Thread' }));
    drawMessage(p, node.firstChild, item.message);
    sync(node.lastChild, item.replies, (reply, m) => {
      if (!reply.firstChild) reply.append(el('div'));
      drawMessage(p, reply.firstChild, m);
    });
  });
  p.$('welcome').hidden = all.length > 0;
  toEnd(p);
}

function drawMessage(p, node, m) {
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
        onclick: e => act(p, 'press', { Channel: m.channel, Message: m.id, Label: b.label }, p.$('said'), e.currentTarget),
      }, b.label))),
      m.open && el('button', {
        type: 'button', class: 'reply', 'data-focus': 'reply', 'aria-label': 'Reply in the thread of ' + title(m),
        onclick: () => replyTo(p, m),
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

function replyTo(p, m) {
  p.thread = m.id;
  p.$('replying').hidden = false;
  p.$('replying-to').textContent = 'In the thread of ' + title(m);
  fill(p, '@purgebot ');
}

function stopReplying(p) {
  p.thread = '';
  p.$('replying').hidden = true;
}

function fill(p, text) {
  p.$('say').value = text;
  grow(p);
  p.$('say').focus();
}

function grow(p) {
  const say = p.$('say');
  say.style.height = 'auto';
  say.style.height = Math.min(say.scrollHeight + 2, 160) + 'px';
}

async function send(p) {
  const say = p.$('say'), text = say.value;
  if (!text.trim()) return;
  p.typed.push(text);
  p.recall = 0;
  p.atEnd ||= p.thread === '';
  say.value = '';
  grow(p);
  if (!await act(p, 'type', { Text: text, Thread: p.thread }, p.$('said')) && !say.value) fill(p, text);
}

function keys(p, e) {
  if (e.isComposing) return;
  if (e.key === 'Enter' && !e.shiftKey) {
    e.preventDefault();
    send(p);
  } else if (e.key === 'ArrowUp' && p.recall < p.typed.length && (!p.$('say').value || p.recall)) {
    e.preventDefault();
    fill(p, p.typed.at(-++p.recall));
  } else if (e.key === 'ArrowDown' && p.recall) {
    e.preventDefault();
    fill(p, --p.recall ? p.typed.at(-p.recall) : '');
  }
}

// --- the form that the bot opens

function drawForm(p, f) {
  const dialog = p.$('form');
  if (!f) {
    dialog.drawn = undefined;
    if (dialog.open) dialog.close();
    return;
  }
  const shape = { key: f.key, title: f.title, fields: f.fields.map(({ error, ...field }) => field) };
  repaint(dialog, shape, () => [formFor(p, f)]);
  for (const field of f.fields) {
    const error = p.$('error ' + field.block);
    error.textContent = field.error;
    p.$('input ' + field.block).setAttribute('aria-invalid', field.error !== '');
  }
  p.$('form-error').textContent = f.error;
  if (!dialog.open) dialog.showModal();
}

function formFor(p, f) {
  const body = el('form', { method: 'dialog' },
    el('h2', { id: p.chat + '-form-title' }, f.title),
    ...f.fields.map(field => inputFor(p, field)),
    el('p', { id: p.chat + '-form-error', class: 'error', role: 'alert' }),
    el('div', { class: 'buttons' },
      el('button', { type: 'button', onclick: () => act(p, 'close', {}, p.$('said')) }, f.close),
      el('button', { class: 'primary', 'data-testid': 'form-submit' }, f.submit)));
  body.addEventListener('submit', e => {
    e.preventDefault();
    const values = Object.fromEntries(f.fields.map(field => [field.block, p.$('input ' + field.block).value]));
    act(p, 'submit', { Values: values }, p.$('form-error'), e.submitter);
  });
  return body;
}

function inputFor(p, field) {
  const id = kind => `${p.chat}-${kind} ${field.block}`;
  const attributes = { id: id('input'), 'data-testid': 'form-' + field.block, 'aria-describedby': id('error') };
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
    el('p', { class: 'error', id: id('error'), role: 'alert' }));
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
  const purged = all.flatMap(e => [e.mainland, e.overseas]).filter(c => c.state === 'stale').length;
  $('edges-count').textContent = purged + ' purged';
}

function drawEdge(row, e) {
  row.dataset.testid = 'edge';
  row.dataset.url = e.key;
  if (!row.firstChild) row.append(el('th', { scope: 'row' }), el('td', { 'data-area': 'mainland' }), el('td', { 'data-area': 'overseas' }));
  const [head, mainland, overseas] = row.children;
  repaint(head, e.path, () => [el('span', { class: 'path', title: e.key }, e.path), el('button', {
    type: 'button', class: 'quiet', 'data-focus': 'deploy', 'aria-label': 'Deploy a new version of ' + e.key,
    onclick: () => act(nobody, 'deploy', { URL: e.key }, $('visited')),
  }, 'deploy new version')]);
  drawCell(mainland, e, 'mainland');
  drawCell(overseas, e, 'overseas');
}

// What the next visit gets is what a state is called by.
const words = { old: 'old copy', current: 'current', purged: 'purged', none: 'not cached' };
const stateOf = c => ({ fresh: c.outdated ? 'old' : 'current', stale: 'purged' })[c.state] ?? 'none';
const explained = {
  old: 'Visitors get this though the origin has a newer version', current: 'Visitors get what the origin has',
  purged: 'The next visit fetches what the origin has', none: 'Nobody has visited it here',
};

function drawCell(cell, e, area) {
  const c = e[area], was = cell.dataset.state, now = stateOf(c);
  cell.dataset.state = now;
  const changed = repaint(cell, { ...c, url: e.key }, () => [
    el('span', { class: 'state ' + now, 'data-testid': 'state', title: explained[now] }, words[now]),
    el('span', { class: 'under' },
      el('button', {
        type: 'button', class: 'quiet', 'data-focus': 'visit', 'aria-label': `Visit ${e.key} in ${area}`,
        onclick: () => act(nobody, 'visit', { URL: e.key, Area: area }, $('visited')),
      }, 'visit'))]);
  if (changed) flash(cell);
  if (changed && was !== now) $('announce').textContent = `${e.key} in ${area}: ${words[now]}`;
}

// --- the faults

function drawFaults(f) {
  for (const side of f.sides) drawSide(side.key, side.troubles, side.now);
  const on = f.sides.filter(s => s.now !== 'fine').map(s => ({ side: sideNames[s.key], ...s.troubles.find(t => t.name === s.now) }));
  $('fault-hint').textContent = on.length ? on.map(t => t.hint).join(' ') : 'Nothing is broken.';
  $('mend').disabled = on.length === 0;
  $('faults').classList.toggle('on', on.length > 0);
  drawBroken(on);
}

const sideNames = { cdn: 'CDN', slack: 'Slack', discord: 'Discord' };

// drawBroken names the faults that are on above everything else, since their switches may be out of view.
function drawBroken(on) {
  const line = $('broken');
  line.hidden = on.length === 0;
  repaint(line, on.map(t => [t.side, t.label]), () => [
    el('b', {}, on.length > 1 ? 'Faults on' : 'Fault on'),
    ...on.map(t => el('span', { class: 'fault', title: t.hint }, `${t.side}: ${t.label}`)),
    el('a', { href: '#faults' }, 'switches'),
    el('button', { type: 'button', class: 'quiet', 'data-testid': 'mend-above', onclick: mend }, 'clear'),
  ]);
}

async function mend() {
  for (const side of Object.keys(sideNames)) await act(nobody, 'fault', { Side: side, Fault: 'fine' }, $('broke'));
}

function drawSide(side, all, now) {
  const box = $('faults-' + side);
  repaint(box, all, () => all.map(t => {
    const input = el('input', { type: 'radio', name: 'fault-' + side, value: t.name, 'data-testid': `fault-${side}-${t.name}` });
    input.addEventListener('change', () => act(nobody, 'fault', { Side: side, Fault: t.name, OnlyNext: $('only-next').checked }, $('broke')));
    return el('label', { title: t.hint }, input, el('span', {}, t.label));
  }));
  for (const input of box.querySelectorAll('input')) input.checked = input.value === now;
}

// --- to and fro

const nobody = { chat: 'slack', me: 'alice' }; // what is done to the world is the same whoever does it

// act tells the server what somebody did, says in words why it was refused, and reports whether it was not.
async function act(who, what, deed, say, button) {
  if (button?.busy) return false;
  if (button) button.busy = true; // and not disabled, which would take the focus from it
  say.textContent = '';
  try {
    const answer = await fetch('/' + what, { method: 'POST', body: JSON.stringify({ Chat: who.chat, As: who.me, ...deed }) });
    if (!answer.ok) say.textContent = (await answer.text()).trim();
    return answer.ok;
  } catch {
    say.textContent = 'The sandbox did not answer.';
    return false;
  } finally {
    if (button) button.busy = false;
  }
}

function listen(p) {
  p.source?.close();
  p.source = new EventSource('/live?' + new URLSearchParams({ chat: p.chat, as: p.me }));
  p.source.onmessage = e => draw(p, JSON.parse(e.data));
  p.source.onopen = () => linked(p, true);
  p.source.onerror = () => linked(p, false);
}

function linked(p, live) {
  p.live = live;
  const yes = panes.every(p => p.live);
  $('lost').hidden = yes;
  $('link').textContent = yes ? 'live' : 'offline';
  $('link').dataset.state = yes ? 'live' : 'lost';
}

function draw(p, s) {
  $('api').textContent = s.api;
  drawMessages(p, s.messages);
  drawForm(p, s.form);
  drawRequests(s.requests);
  drawEdges(s.edges);
  drawQuota(s.quota);
  drawFaults(s.faults);
}

$('visit').addEventListener('submit', async e => {
  e.preventDefault();
  const url = $('visit-url').value.trim();
  if (url && await act(nobody, 'visit', { URL: url }, $('visited'))) $('visit-url').value = '';
});
$('mend').addEventListener('click', mend);
const panes = [];
for (const section of document.querySelectorAll('.chat')) panes.push(pane(section));
