// Chips, search and their place in the URL; single-key shortcuts that can be turned off.
import { say } from './texts.js';
import { attr, put } from './dom.js';
import { allRows, misplaced, resort } from './rows.js';

const chips = document.querySelector('#chips');
const search = document.getElementById('search');
const note = document.getElementById('shown');
const help = document.getElementById('help');
let show = 'all';

const keysOn = () => { try { return localStorage.getItem('keys') !== 'off'; } catch { return true; } };

/** Hide what the chip and the search leave out; says "3 of 11 shown" while anything is hidden. */
export function applyFilter() {
  if (!chips) return;
  const words = search.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let seen = 0;
  const rows = allRows();
  for (const tr of rows) {
    const fits = (show === 'all' || tr.dataset.filters.split(' ').includes(show)) && words.every((word) => tr.dataset.search.includes(word));
    attr(tr, 'hidden', fits ? null : '');
    if (fits) seen += 1;
  }
  note.hidden = seen === rows.length;
  if (!note.hidden) put(note.querySelector('span'), say('shown', seen, rows.length));
  const moved = misplaced();
  document.getElementById('resort').hidden = !moved;
  put(document.querySelector('#resort span'), say('moved', moved));
}

/** Counts in the chips from a frame. */
export function takeCounts(counts) {
  if (!chips) return;
  for (const chip of chips.querySelectorAll('button')) put(chip.querySelector('span'), String(counts[chip.dataset.show]));
}

function keep() {
  const url = new URL(location.href);
  if (show === 'all') url.searchParams.delete('show'); else url.searchParams.set('show', show);
  if (search.value) url.searchParams.set('q', search.value); else url.searchParams.delete('q');
  history.replaceState(null, '', url);
}

function choose(name) {
  show = name;
  for (const chip of chips.querySelectorAll('button')) attr(chip, 'aria-pressed', String(chip.dataset.show === name));
  applyFilter();
  keep();
}

function step(by) {
  const rows = allRows().filter((tr) => !tr.hidden);
  const index = rows.findIndex((tr) => tr.contains(document.activeElement));
  const next = rows[Math.max(0, Math.min(rows.length - 1, index + by))];
  next?.querySelector('.m-t').focus();
}

function onKey(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  if (event.target.closest('input, select, textarea, dialog, [popover]')) return;
  if (event.key === '?') { event.preventDefault(); help.showModal(); }
  if (!keysOn()) return;
  if (event.key === '/' && search) { event.preventDefault(); search.focus(); search.select(); }
  if (event.key === 'j') step(1);
  if (event.key === 'k') step(-1);
}

function startHelp() {
  const box = document.getElementById('keys');
  box.checked = keysOn();
  box.addEventListener('change', () => { try { localStorage.setItem('keys', box.checked ? 'on' : 'off'); } catch { /* lasts for this page */ } });
  document.addEventListener('keydown', onKey);
  const button = document.getElementById('helpb');
  button.hidden = false;
  button.addEventListener('click', () => help.showModal());
}

/** Wire chips, search, re-sort and the keys. */
export function startFilter() {
  startHelp();
  if (!chips) return;
  const query = new URL(location.href).searchParams;
  search.value = query.get('q') || '';
  chips.addEventListener('click', (event) => {
    const chip = event.target.closest('button');
    if (chip) choose(chip.dataset.show);
  });
  search.addEventListener('input', () => { applyFilter(); keep(); });
  search.addEventListener('keydown', (event) => { if (event.key === 'Escape') { search.value = ''; applyFilter(); keep(); search.blur(); } });
  note.querySelector('button').addEventListener('click', () => { search.value = ''; choose('all'); });
  document.querySelector('#resort button').addEventListener('click', () => { resort(); applyFilter(); });
  const wanted = query.get('show');
  if (wanted && chips.querySelector(`[data-show="${CSS.escape(wanted)}"]`)) choose(wanted);
  else applyFilter();
}
