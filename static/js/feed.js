// Journal entries as they happen: the activity list, what is announced, the tab's title and icon.
import { say } from './texts.js';
import { fragment, put } from './dom.js';
import { writeTimes } from './clock.js';
import { announce } from './voice.js';

const list = document.getElementById('feed');
const shape = document.getElementById('feed-item');
const title = document.title;
const MOST = 60;

/** One journal entry: into the list if it belongs there, and said aloud by its urgency. */
export function takeEntry(entry) {
  if (entry.urgency === 'critical') announce(`${entry.title}. ${entry.line}`, 'assert');
  else if (entry.urgency === 'high') announce(`${entry.title}. ${entry.line}`);
  const only = list?.dataset.position;
  if (!list || !shape || list.dataset.still !== undefined || (only && Number(only) !== entry.position)) return;
  if (entry.type === 'fill' || (list.dataset.brief !== undefined && !entry.brief)) return;
  const li = shape.content.firstElementChild.cloneNode(true);
  li.className = entry.tone;
  li.querySelector('use').setAttribute('href', `#i-${entry.icon}`);
  const link = li.querySelector('a');
  put(link, entry.title);
  if (entry.url && !only) link.href = entry.url; else link.replaceWith(entry.title);
  put(li.querySelector('p span'), entry.name && !only ? `${entry.name} — ${entry.line}` : entry.line);
  li.querySelector('.demo').hidden = !entry.demo || Boolean(only);
  li.querySelector('time').dateTime = entry.at;
  writeTimes(li);
  list.prepend(li);
  list.nextElementSibling?.matches('.none') && list.nextElementSibling.remove();
  while (list.children.length > (Number(list.dataset.most) || MOST)) list.lastElementChild.remove();
}

/** Tab title and icon: "(1) Stop hit · …" while something critical stands. */
export function showTrouble(counts, silent) {
  const name = silent ? 'crit' : counts.crit ? 'crit' : counts.att ? 'warn' : 'ok';
  const fav = document.getElementById('favicon');
  if (fav.getAttribute('href') !== fav.dataset[name]) fav.setAttribute('href', fav.dataset[name]);
  document.title = counts.crit ? `(${counts.crit}) ${say('trouble')} · ${title}` : title;
  if (navigator.setAppBadge) navigator.setAppBadge(counts.crit || 0).catch(() => {});
}

/** Replace the element `id` by the server's newest rendering of it; an open table stays open. What
 *  holds the focus is left alone, unless it `must` change: then its first control gets the focus. */
export async function refresh(id, url, must = false) {
  const html = await fragment(url);
  const fresh = html?.getElementById(id);
  const old = document.getElementById(id);
  if (!fresh || !old) return;
  const held = old.contains(document.activeElement);
  if (held && !must) return;
  const open = old.querySelector('details')?.open;
  old.replaceWith(fresh);
  if (open) fresh.querySelector('details').open = true;
  if (held) fresh.querySelector('button, a, select')?.focus();
  writeTimes(fresh);
}
