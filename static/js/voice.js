// What is said: two live regions (one polite, one assertive) and toasts.
import { say } from './texts.js';

const regions = { polite: document.getElementById('live-polite'), assert: document.getElementById('live-assert') };
const EVERY = 5000; // screen readers are not told more often than this
const waiting = { polite: [], assert: [] };
const last = { polite: 0, assert: 0 };
const timers = {};

/** Announce to screen readers, at most once in five seconds a region; more is joined to one. */
export function announce(text, kind = 'polite') {
  if (!waiting[kind].includes(text)) waiting[kind].push(text);
  if (timers[kind]) return;
  const wait = Math.max(0, last[kind] + EVERY - Date.now());
  timers[kind] = setTimeout(() => {
    timers[kind] = 0;
    last[kind] = Date.now();
    regions[kind].textContent = waiting[kind].splice(0).slice(-4).join('. ');
  }, wait);
}

/** A short message at the bottom; `undo` = {label, run} adds a button. Errors stay until closed. */
export function toast(text, { bad = false, undo = null } = {}) {
  const el = document.createElement('div');
  el.className = bad ? 'toast bad' : 'toast';
  const words = document.createElement('span');
  words.textContent = text;
  el.append(words);
  const button = (label, run, name) => {
    const b = document.createElement('button');
    b.type = 'button';
    b.textContent = label;
    if (name) b.ariaLabel = name;
    b.addEventListener('click', () => { el.remove(); run?.(); });
    el.append(b);
  };
  if (undo) button(undo.label, undo.run);
  button('×', null, say('dismiss'));
  document.getElementById('toasts').append(el);
  announce(text, bad ? 'assert' : 'polite');
  if (!bad) setTimeout(() => { if (!el.matches(':hover, :focus-within')) el.remove(); }, undo ? 12000 : 6000);
}
