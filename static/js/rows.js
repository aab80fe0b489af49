// The live table: frames fill a Map of dirty rows (latest wins), one animation frame writes them.
// Text nodes are cached; rows never move by themselves, so nothing jumps under a pointer.
import { attr, fragment, icon, put, time } from './dom.js';
import { drawRail, railRefs } from './rail.js';
import { writeTimes } from './clock.js';

const TEXTS = ['px', 'px2', 'hold', 'nx', 'nx_t', 'nx2', 'pl', 'pl_a', 'pl2'];
const refs = new Map();
const table = document.getElementById('pos');
let dirty = new Map();
let frame = 0;
let moved = () => {};

function bind(tr) {
  const ref = { tr, texts: {}, rail: railRefs(tr), badges: tr.querySelector('.badges'), pl: tr.querySelector('.pl'), spark: tr.querySelector('.spark'), key: '' };
  for (const name of TEXTS) ref.texts[name] = tr.querySelector(`[data-t=${name}]`);
  refs.set(Number(tr.dataset.id), ref);
}

/** Write badges (CONTRACT: positions/presenting/badges.py) into `holder`. */
export function drawBadges(holder, badges) {
  holder.replaceChildren(...badges.map((badge) => {
    const el = document.createElement('span');
    el.className = `badge ${badge.tone}`;
    el.append(icon(badge.icon), badge.text);
    if (badge.at) el.append(' ', time(badge.at, 'time'));
    return el;
  }));
  writeTimes(holder);
}

function newBadges(ref, badges) {
  const key = JSON.stringify(badges);
  if (ref.key === key) return;
  ref.key = key;
  drawBadges(ref.badges, badges);
}

function drawSpark(ref, spark) {
  if (!ref.spark) return;
  attr(ref.spark, 'display', spark ? null : 'none');
  if (!spark) return;
  const [line, points, dot] = ref.spark.children;
  attr(line, 'display', spark.entry === null ? 'none' : null);
  if (spark.entry !== null) { attr(line, 'y1', spark.entry); attr(line, 'y2', spark.entry); }
  attr(points, 'points', spark.points);
  attr(dot, 'cy', spark.last);
}

function draw(ref, row) {
  const { tr, texts } = ref;
  for (const name of TEXTS) if (row[name] !== undefined && texts[name]) put(texts[name], row[name]);
  if (row.pl_c !== undefined) attr(ref.pl, 'class', `pl num ${row.pl_c}`);
  if (row.rail) drawRail(ref.rail, row.rail);
  if (row.badges) newBadges(ref, row.badges);
  if ('spark' in row) drawSpark(ref, row.spark);
  if (row.cls !== undefined) attr(tr, 'class', `row ${row.cls}`);
  if (row.urg !== undefined) attr(tr, 'data-urg', row.urg || null);
  if (row.filters) tr.dataset.filters = row.filters.join(' ');
  if (row.group && row.group !== tr.dataset.group) { tr.dataset.group = row.group; moved(); }
}

function flush() {
  frame = 0;
  const work = dirty;
  dirty = new Map();
  const missing = [];
  for (const [id, row] of work) {
    const ref = refs.get(id);
    if (ref) draw(ref, row);
    else if (row.state === 'open') missing.push(id);
  }
  if (missing.length) add(missing);
}

const asked = new Set();
async function add(ids) {
  const fresh = ids.filter((id) => !asked.has(id));
  if (!fresh.length) return;
  fresh.forEach((id) => asked.add(id));
  const html = await fragment(`/parts/rows/?ids=${fresh.join(',')}`);
  if (!html) { fresh.forEach((id) => asked.delete(id)); return; }
  for (const tr of html.querySelectorAll('tr.row')) {
    if (refs.has(Number(tr.dataset.id))) continue;
    table.querySelector(`tbody[data-group=${tr.dataset.group}]`).append(tr);
    bind(tr);
    writeTimes(tr);
  }
  document.getElementById('empty')?.remove();
  document.getElementById('book').hidden = false;
  moved();
}

/** Take rows of a frame: whole or only their changed fields. `whole`: rows not named have gone. */
export function takeRows(rows, gone = []) {
  if (!table) return;
  for (const row of rows) dirty.set(row.id, { ...dirty.get(row.id), ...row });
  for (const id of gone) { refs.get(id)?.tr.remove(); refs.delete(id); asked.delete(id); dirty.delete(id); }
  if (gone.length) moved();
  if (!frame && dirty.size) frame = requestAnimationFrame(flush);
}

/** Rows whose group changed while one looked: moved only when asked, worst first. */
export function resort() {
  for (const [, { tr }] of refs) {
    const body = table.querySelector(`tbody[data-group=${tr.dataset.group}]`);
    if (body && tr.parentElement !== body) body.append(tr);
  }
}

/** Rows that stand in another group than theirs. */
export const misplaced = () => [...refs.values()].filter(({ tr }) => tr.dataset.group !== tr.parentElement?.dataset.group).length;

/** Every row's <tr>, in the order shown. */
export const allRows = () => (table ? [...table.querySelectorAll('tr.row')] : []);

/** Bind the rows the page came with; `onMove` is called when groups, rows or filters change. */
export function startRows(onMove) {
  if (!table) return;
  moved = onMove;
  for (const tr of table.querySelectorAll('tr.row')) bind(tr);
}
