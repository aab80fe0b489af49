// Close now: what a sale would bring, from the server, refreshed while the dialog is open.
import { say } from './texts.js';
import { put } from './dom.js';

const REFRESH = 3000; // ms; each look asks the venue for its book
const dialog = document.getElementById('closedlg');
const form = dialog?.querySelector('form');
const input = dialog?.querySelector('input[name=shares]');
let id = 0;
let timer = 0;
let asking = null;

function line(item) {
  const dt = document.createElement('dt');
  const dd = document.createElement('dd');
  dt.textContent = item.name;
  if (item.tone) dd.className = item.tone;
  if (item.arrow) {
    const arrow = document.createElement('span');
    arrow.className = 'arrow';
    arrow.ariaHidden = 'true';
    arrow.textContent = item.arrow;
    dd.append(arrow);
  }
  dd.append(item.value);
  return [dt, dd];
}

function draw(quote) {
  put(dialog.querySelector('#closedlg-d'), quote.title);
  dialog.querySelector('.quote').replaceChildren(...quote.lines.flatMap(line));
  const warn = dialog.querySelector('.warnline');
  warn.hidden = !quote.warning;
  put(warn, quote.warning);
  const sell = dialog.querySelector('[data-sell]');
  put(sell, quote.button);
  sell.disabled = false;
  if (!input.value) input.value = quote.shares;
}

function fail(text) {
  put(dialog.querySelector('.err'), text);
  dialog.querySelector('[data-sell]').disabled = true;
}

async function ask() {
  clearTimeout(timer);
  asking?.abort();
  asking = new AbortController();
  const mine = asking;
  const url = `/positions/${id}/proceeds/?shares=${encodeURIComponent(input.value)}`;
  const response = await fetch(url, { signal: mine.signal, headers: { Accept: 'application/json' } }).catch(() => null);
  if (mine.signal.aborted || !dialog.open) return;
  if (response?.redirected) { location.reload(); return; }
  const answer = await response?.json().catch(() => null);
  if (!response || !answer) fail(say('no_answer'));
  else if (!response.ok) fail(answer.error);
  else { put(dialog.querySelector('.err'), ''); draw(answer); }
  timer = setTimeout(ask, REFRESH);
}

/** Open the dialog for one position. Focus starts on "Keep position". */
export function openClose(position, title) {
  id = position;
  input.value = '';
  form.action = `/positions/${position}/close/`;
  put(dialog.querySelector('#closedlg-d'), title);
  put(dialog.querySelector('.err'), '');
  dialog.querySelector('.quote').replaceChildren(...line({ name: say('asking'), value: '…' }));
  const sell = dialog.querySelector('[data-sell]');
  put(sell, say('sell'));
  sell.disabled = true;
  dialog.showModal();
  dialog.querySelector('[data-keep]').focus();
  ask();
}

/** Wire the dialog and every link that carries data-close="<position id>". */
export function startDialog() {
  if (!dialog) return;
  let debounce = 0;
  input.addEventListener('input', () => { clearTimeout(debounce); debounce = setTimeout(ask, 250); });
  dialog.querySelector('[data-keep]').addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => { clearTimeout(timer); asking?.abort(); });
  form.addEventListener('done', () => dialog.close());
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[data-close]');
    if (!link || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    openClose(Number(link.dataset.close), link.dataset.title || '');
  });
}
