// The monitor page keeps itself up to date; where it cannot, it says since when it stands still.
import { writeTimes } from './clock.js';
import { fragment } from './dom.js';
import { patch, remember } from './patch.js';

const page = document.getElementById('mo');
const EVERY = 4000; // ms between two looks: a pulse comes every two seconds
const SOON = 500; // ms after a journal entry: a pass writes several, and ends
let looked = 0;
let timer = 0;
let asking = false;

/** Says that what is shown is old, and how old. */
function mark(stands) {
  const note = document.getElementById('mo-still');
  if (stands && note.hidden) {
    note.querySelector('time').dateTime = new Date(looked).toISOString();
    writeTimes(note);
  }
  note.hidden = !stands;
}

async function look(must = false) {
  clearTimeout(timer);
  timer = 0;
  if (asking) return;
  asking = true;
  const fresh = (await fragment(page.dataset.url))?.getElementById('mo');
  asking = false;
  mark(!fresh);
  if (!fresh) return;
  looked = Date.now();
  patch(page, fresh, must);
  writeTimes(page);
}

/** A frame of the socket. */
export function takeMonitor(frame) {
  if (!page || document.hidden || timer) return;
  const wait = frame.id === undefined ? EVERY - (Date.now() - looked) : SOON;
  if (wait <= 0) look();
  else if (frame.id !== undefined) timer = setTimeout(() => look(), wait);
}

/** Wire the page; on the others nothing but the list of first steps. */
export function startMonitor() {
  document.getElementById('steps')?.addEventListener('done', (event) => event.currentTarget.remove());
  if (!page) return;
  looked = Date.now();
  remember(page);
  document.addEventListener('done', () => { timer = setTimeout(() => look(true), 1500); });
  document.addEventListener('visibilitychange', () => { if (!document.hidden) look(); });
}
