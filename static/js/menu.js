// The row menu: one shared popover. Without JavaScript "…" is a link to the position's own page.
import { openClose } from './dialog.js';

const menu = document.getElementById('rowmenu');
let opener = null;
let row = null;

function place(button) {
  const at = button.getBoundingClientRect();
  const left = Math.min(at.right - menu.offsetWidth, innerWidth - menu.offsetWidth - 8);
  const below = at.bottom + 4 + menu.offsetHeight < innerHeight;
  menu.style.setProperty('position', 'fixed');
  menu.style.setProperty('left', `${Math.max(8, left)}px`);
  menu.style.setProperty('top', `${Math.max(8, below ? at.bottom + 4 : at.top - menu.offsetHeight - 4)}px`);
}

const items = () => [...menu.querySelectorAll('[role=menuitem]')].filter((el) => !el.closest('[hidden]'));

function open(button) {
  opener = button;
  row = button.closest('tr');
  const base = `/positions/${row.dataset.id}/`;
  const muted = row.dataset.filters.split(' ').includes('muted');
  for (const form of menu.querySelectorAll('form')) {
    form.action = `${base}${form.dataset.do}/`;
    form.hidden = (form.dataset.do === 'mute' && muted) || (form.dataset.do === 'unmute' && !muted);
  }
  menu.querySelector('[data-go=detail]').href = base;
  menu.querySelector('[data-go=close]').href = `${base}close/`;
  menu.showPopover();
  place(button);
  items()[0].focus();
}

function move(step) {
  const list = items();
  const index = list.indexOf(document.activeElement);
  list[(index + step + list.length) % list.length].focus();
}

/** Open on "…", arrow keys inside, Escape and Tab close and give the focus back. */
export function startMenu() {
  if (!menu?.showPopover) return;
  document.addEventListener('click', (event) => {
    const button = event.target.closest('a[data-menu]');
    if (button) { event.preventDefault(); open(button); }
  });
  document.addEventListener('keydown', (event) => {
    const button = event.target.closest?.('a[data-menu]');
    if (button && (event.key === ' ' || event.key === 'ArrowDown')) { event.preventDefault(); open(button); }
  });
  menu.addEventListener('keydown', (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) { event.preventDefault(); move(step); }
    if (event.key === 'Home') { event.preventDefault(); items()[0].focus(); }
    if (event.key === 'End') { event.preventDefault(); items().at(-1).focus(); }
    if (event.key === 'Tab') menu.hidePopover();
  });
  menu.addEventListener('toggle', (event) => {
    opener?.setAttribute('aria-expanded', String(event.newState === 'open'));
    if (event.newState === 'closed' && (menu.contains(document.activeElement) || document.activeElement === document.body)) opener?.focus();
  });
  menu.querySelector('[data-go=close]').addEventListener('click', (event) => {
    event.preventDefault();
    menu.hidePopover();
    openClose(Number(row.dataset.id), row.dataset.title);
  });
  addEventListener('scroll', () => { if (menu.matches(':popover-open')) menu.hidePopover(); }, { passive: true });
}
