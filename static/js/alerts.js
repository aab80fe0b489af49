// The alerts page keeps itself up to date: when something is journalled, and while messages wait.
import { writeTimes } from './clock.js';
import { fragment, put } from './dom.js';
import { refresh } from './feed.js';
import { patch, remember } from './patch.js';

const page = document.getElementById('alerts');
const SOON = 300; // ms: several entries of one pass are looked at together
const OFTEN = 2000, SELDOM = 15000; // ms between two looks: longer and longer while nothing changes
const TROUBLES = ['channel_disabled', 'alerts_failed', 'alert_retried'];
let timer = 0;
let looked = Date.now();
let pause = OFTEN;
let turn = 0;

/** Where the focus was: its button may be gone after what it did. */
function keepFocus(work) {
  const held = page.contains(document.activeElement) ? document.activeElement : null;
  const item = held?.closest('li[id]');
  const list = item?.parentElement;
  const at = list ? [...list.children].indexOf(item) : -1;
  const id = item?.id;
  const title = held?.closest('section')?.id;
  work();
  if (!held || document.activeElement !== document.body) return;
  const again = id && document.getElementById(id);
  const next = again || (list?.isConnected && list.children[Math.min(at, list.children.length - 1)]);
  const target = next?.querySelector?.('button') || next?.querySelector?.('a') || document.getElementById(`${title}-t`) || document.getElementById('al-told-t');
  target?.focus();
}

async function look(must = false) {
  clearTimeout(timer);
  timer = 0;
  looked = Date.now();
  turn += 1;
  const mine = turn;
  const fresh = (await fragment(page.dataset.url))?.getElementById('alerts');
  if (!fresh || mine !== turn) return; // a later look knows more
  let changed = false;
  keepFocus(() => { changed = patch(page, fresh, must); });
  writeTimes(page);
  pause = changed ? OFTEN : Math.min(SELDOM, pause * 1.5);
  if (changed) lookAtTroubles();
}

/** The banner of every page, and the number beside "Alerts". */
async function lookAtTroubles() {
  await refresh('b-alerts', `/parts/alert-banner/${page ? '?here' : ''}`, true);
  const { failed } = document.getElementById('b-alerts').dataset;
  for (const el of document.querySelectorAll('[data-count]')) {
    el.hidden = failed === '0';
    put(el.firstElementChild, failed);
  }
}

/** A frame of the socket: an entry is looked for at once, its delivery a moment later. */
export function takeAlerts(frame) {
  if (TROUBLES.includes(frame.type)) lookAtTroubles();
  if (!page || page.dataset.still !== undefined || document.hidden) return;
  if (frame.type === 'pulse') {
    if (Date.now() - looked >= pause) look();
  } else if (frame.id !== undefined && !timer) {
    pause = OFTEN;
    timer = setTimeout(look, SOON);
  }
}

/** Wire the page; on the others nothing. */
export function startAlerts() {
  if (!page) return;
  remember(page);
  page.addEventListener('done', () => look(true));
  // Eight in the morning is where the person is.
  page.addEventListener('formdata', (event) => event.formData.set('zone', Intl.DateTimeFormat().resolvedOptions().timeZone));
}
