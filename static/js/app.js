// The live page: one socket, frames handed to the parts that show them.
import { pulseAtLoad } from './texts.js';
import { startClock } from './clock.js';
import { startLink, connect } from './link.js';
import { startPulse, takePulse } from './pulse.js';
import { startRows, takeRows, allRows } from './rows.js';
import { applyFilter, startFilter, takeCounts } from './filter.js';
import { refresh, showTrouble, takeEntry } from './feed.js';
import { startForms } from './forms.js';
import { startDialog } from './dialog.js';
import { startMenu } from './menu.js';
import { startDetail, takeDetail } from './detail.js';
import { startAlerts, takeAlerts } from './alerts.js';
import { startDecisions, takeDecisions } from './decisions.js';
import { startMonitor, takeMonitor } from './monitor.js';
import { attr, put } from './dom.js';

let cards = document.getElementById('att')?.dataset.key;

function takeSummary(list) {
  const holder = document.getElementById('sums');
  if (!holder) return;
  const shown = [...holder.querySelectorAll('[data-cur]')].map((el) => el.dataset.cur).join();
  if (shown !== list.map((sum) => sum.currency).join()) { refresh('sums', '/parts/summary/', true); return; }
  for (const sum of list) {
    const card = holder.querySelector(`[data-cur="${CSS.escape(sum.currency)}"]`);
    for (const [name, text] of Object.entries(sum.texts)) {
      const el = card.querySelector(`[data-t=${name}]`);
      if (el) put(el, text);
    }
    for (const [name, tone] of Object.entries(sum.tones)) attr(card.querySelector(`[data-c=${name}]`), 'class', `v ${tone}`);
  }
}

function takeAttention(list) {
  const key = list.map((card) => card.key).join();
  if (!document.getElementById('att')) return;
  if (key !== cards) { cards = key; refresh('att', '/parts/attention/', true); return; }
  for (const card of list) {
    const el = document.querySelector(`#att [data-id="${card.id}"] p`);
    if (el) put(el, card.text);
  }
}

function takePrices(frame) {
  if (frame.rows) { takeRows(frame.rows, frame.gone); takeDetail(frame.rows); }
  if (frame.summary) takeSummary(frame.summary);
  if (frame.attention) takeAttention(frame.attention);
  if (frame.counts) { takeCounts(frame.counts); applyFilterSoon(); showTrouble(frame.counts, false); }
}

let soon = 0;
function applyFilterSoon() {
  // Never under the finger: rows that leave a filter go when the next second begins.
  clearTimeout(soon);
  soon = setTimeout(applyFilter, 300);
}

/** Everything at once: rows that are not named have gone. */
function takeWhole(frame) {
  const known = new Set(frame.rows.map((row) => row.id));
  const gone = allRows().map((tr) => Number(tr.dataset.id)).filter((id) => !known.has(id));
  takePrices({ ...frame, gone });
  if (frame.pulse) takePulse(frame.pulse);
}

function onFrame(frame) {
  if (frame.type === 'snapshot' || frame.whole) takeWhole(frame);
  else if (frame.type === 'prices') takePrices(frame);
  else if (frame.type === 'pulse') takePulse(frame);
  else takeEntry(frame);
  takeAlerts(frame);
  takeDecisions(frame);
  takeMonitor(frame);
}

startAlerts();
startDecisions();
startMonitor();
startClock();
startForms();
startDialog();
startMenu();
startRows(applyFilterSoon);
startFilter();
startDetail();
startPulse(pulseAtLoad);
startLink(pulseAtLoad.journal, pulseAtLoad.epoch, onFrame, () => {});
document.getElementById('retry').addEventListener('click', connect);
