// One position's page: hero and rail live, chart and rules fetched anew when the price has moved.
import { attr, put } from './dom.js';
import { drawRail, railRefs } from './rail.js';
import { refresh } from './feed.js';
import { drawBadges } from './rows.js';

const REDRAW = 15000; // ms between two drawings of the chart at most
const hero = document.getElementById('hero');
let refs = null;
let timer = 0;
let drawn = Date.now();
let known = {};

function redraw() {
  timer = 0;
  if (document.hidden) return;
  drawn = Date.now();
  const base = `/positions/${hero.dataset.id}/`;
  refresh('chart', `${base}parts/chart/${location.search}`);
  refresh('rules', `${base}parts/rules/`);
  refresh('figures', `${base}parts/figures/`);
}

/** A closed position is another page; not while somebody reads a question or an answer. */
function reload() {
  if (document.querySelector('dialog[open], .toast')) setTimeout(reload, 1000);
  else location.reload();
}

/** What can be done depends on three facts; the buttons are fetched anew when one of them changes. */
function takeActions(row) {
  known = { ...known, ...(row.filters && { muted: row.filters.includes('muted'), absent: row.filters.includes('absent') }), ...(row.selling !== undefined && { selling: row.selling }) };
  const old = document.getElementById('actions');
  const key = (known.muted ? 'muted' : '') + (known.absent ? 'absent' : '') + (known.selling ? 'selling' : '');
  if (!old || old.dataset.key === key) return;
  old.dataset.key = key;
  refresh('actions', `/positions/${hero.dataset.id}/parts/actions/`, true);
}

/** Take the rows of a frame; only this page's position matters. */
export function takeDetail(rows) {
  const row = hero && rows.find((one) => one.id === Number(hero.dataset.id));
  if (!row) return;
  for (const name of ['hold', 'px', 'px2', 'pl', 'pl_a', 'pl2', 'rl_long', 'rr_long', 'why']) {
    const el = document.querySelector(`[data-d=${name}]`);
    if (el && row[name] !== undefined) put(el, row[name]);
  }
  if (row.pl_c !== undefined) attr(hero.querySelector('.pl-v'), 'class', `v pl-v ${row.pl_c}`);
  if (row.cls !== undefined) attr(hero, 'class', `hero num ${row.cls}`);
  if (row.badges) drawBadges(document.querySelector('[data-d=badges]'), row.badges);
  if (row.rail && refs) drawRail(refs, row.rail);
  takeActions(row);
  if (row.state && row.state !== hero.dataset.state) { reload(); return; }
  if (!timer) timer = setTimeout(redraw, Math.max(500, REDRAW - (Date.now() - drawn)));
}

/** Bind the hero; nothing on other pages. */
export function startDetail() {
  if (hero && hero.querySelector('.rail')) refs = railRefs(hero);
  const key = document.getElementById('actions')?.dataset.key || '';
  known = { muted: key.includes('muted'), absent: key.includes('absent'), selling: key.includes('selling') };
}
