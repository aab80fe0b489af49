// Questions that wait for a person: the AI page, a question's own page, and what others tell of them.
import { writeTimes } from './clock.js';
import { fragment, put } from './dom.js';
import { patch, remember } from './patch.js';

const page = document.getElementById('decisions') || document.getElementById('decision');
const hero = document.getElementById('hero');
const SOON = 300; // ms: several entries of one pass are looked at together
const PRICES = 4000; // ms between two looks because the price has moved
const SELDOM = 30000; // ms between two looks without a reason: headlines are not journalled
const ASKS = /^(ask$|ai_)/; // what changes the number of questions
const SALES = /^exit_/; // what changes a question's end
const ours = Number(page?.dataset.position || hero?.dataset.id || 0); // 0: the page of all
let timer = 0;
let asking = 0;
let looked = Date.now();
let turn = 0;

/** Show what the server shows at `url` in place of the elements of these ids. */
async function renew(url, ids, must) {
  const fresh = await fragment(url);
  if (!fresh) return;
  for (const id of ids) {
    const old = document.getElementById(id);
    const now = fresh.getElementById(id);
    if (!old || !now) continue;
    patch(old, now, must);
    writeTimes(document.getElementById(id));
  }
}

/** The cards of the overview, and the number beside "AI" on every page. */
async function lookAtAsks() {
  const fresh = (await fragment('/parts/asks/'))?.getElementById('asks');
  if (!fresh) return;
  const { n } = fresh.dataset;
  for (const el of document.querySelectorAll('[data-asks]')) {
    el.hidden = n === '0';
    put(el.firstElementChild, n);
  }
  const old = document.getElementById('asks');
  if (!old) return;
  patch(old, fresh);
  writeTimes(document.getElementById('asks'));
}

async function lookAtPage(must = false) {
  looked = Date.now();
  turn += 1;
  const mine = turn;
  const held = page.contains(document.activeElement);
  const fresh = (await fragment(page.dataset.url))?.getElementById(page.id);
  if (!fresh || mine !== turn) return; // a later look knows more
  patch(page, fresh, must);
  page.toggleAttribute('data-live', fresh.hasAttribute('data-live'));
  writeTimes(page);
  // The pressed button may be gone after what it did.
  if (held && document.activeElement === document.body) page.querySelector('h2[tabindex]')?.focus();
}

function look(must = false) {
  clearTimeout(timer);
  timer = 0;
  if (page && page.dataset.still === undefined) lookAtPage(must);
  if (hero) renew(`/positions/${hero.dataset.id}/parts/ai/`, ['pos-ai', 'pos-news'], must);
}

/** Whether the price of the question's position has moved in this frame. Who has just confirmed a
 *  price keeps it before his eyes: the server compares it with the one of now. */
function moved(frame) {
  if (!page || page.dataset.live === undefined || document.getElementById('confirmed')?.checked) return false;
  return frame.rows?.some((row) => row.id === Number(page.dataset.position) && row.px !== undefined);
}

/** A frame of the socket. */
export function takeDecisions(frame) {
  if (document.hidden) return;
  if (frame.id !== undefined && ASKS.test(frame.type) && !asking) {
    asking = setTimeout(() => { asking = 0; lookAtAsks(); }, SOON);
  }
  if (!page && !hero) return;
  if (frame.id !== undefined && (ASKS.test(frame.type) || SALES.test(frame.type))) {
    if (ours && frame.position && frame.position !== ours) return;
    clearTimeout(timer);
    timer = setTimeout(look, SOON);
  } else if (timer) return;
  else if (moved(frame)) timer = setTimeout(look, Math.max(SOON, PRICES - (Date.now() - looked)));
  else if (frame.type === 'pulse' && page && Date.now() - looked > SELDOM) look();
}

/** Wire the pages that show questions; on the others only the number beside "AI" is kept. */
export function startDecisions() {
  for (const id of ['asks', 'pos-ai', 'pos-news']) {
    const el = document.getElementById(id);
    if (el) remember(el);
  }
  document.getElementById('pos-ai')?.addEventListener('done', () => look(true));
  if (!page) return;
  remember(page);
  page.addEventListener('done', () => { look(true); lookAtAsks(); });
}
