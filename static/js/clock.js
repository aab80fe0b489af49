// Ages tick once a second, silently: no aria-live anywhere near a number.
import { say, span } from './texts.js';

let skew = 0; // server's clock minus this one, in ms: a laptop's clock may be minutes off
const tickers = new Set();

/** Learn the server's clock from a frame's `now`. */
export function setNow(iso) { skew = Date.parse(iso) - Date.now(); }
/** The server's time in ms. */
export const now = () => Date.now() + skew;
/** Seconds since an ISO time by the server's clock; null without one. */
export const since = (iso) => (iso ? (now() - Date.parse(iso)) / 1000 : null);
/** Call `fn` with every tick. */
export function onTick(fn) { tickers.add(fn); }

const put = (el, text) => { if (el.textContent !== text) el.textContent = text; };
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' });
const dated = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', year: 'numeric' });
// "Jun 30" alone is read as this year's.
const date = (at) => (new Date(at).getFullYear() === new Date(now()).getFullYear() ? day : dated).format(at);
const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const forms = {
  ago: (el, at) => put(el, say('ago', span((now() - at) / 1000))),
  age: (el, at) => put(el, span((now() - at) / 1000)),
  old: (el, at) => put(el, say('old', span((now() - at) / 1000))),
  left: (el, at) => put(el, at > now() ? say('in', span((at - now()) / 1000)) : say('due')),
  time: (el, at) => put(el, clock.format(at)),
  date: (el, at) => put(el, date(at)),
  when: (el, at) => put(el, `${date(at)} ${clock.format(at)}`),
};

/** Write every <time data-form> in `root` once, in this browser's zone and language. */
export function writeTimes(root) {
  for (const el of root.querySelectorAll('time[data-form]')) {
    const at = Date.parse(el.dateTime);
    if (!Number.isNaN(at)) forms[el.dataset.form]?.(el, at);
  }
}

function tick() {
  for (const el of document.querySelectorAll('time[data-form=ago],time[data-form=age],time[data-form=old],time[data-form=left]')) {
    const at = Date.parse(el.dateTime);
    if (!Number.isNaN(at)) forms[el.dataset.form](el, at);
  }
  for (const fn of tickers) fn();
}

/** Start ticking; also names the time zone in the footer. */
export function startClock() {
  writeTimes(document);
  const zone = document.querySelector('[data-zone]');
  if (zone) put(zone, say('zone', Intl.DateTimeFormat().resolvedOptions().timeZone));
  setInterval(() => { if (!document.hidden) tick(); }, 1000);
  document.addEventListener('visibilitychange', () => { if (!document.hidden) tick(); });
  tick();
}
