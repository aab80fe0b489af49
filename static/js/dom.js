// Small helpers over the DOM that every module uses.

/** Write text only where it differs: an untouched node costs no layout. */
export function put(el, text) {
  const node = el.firstChild;
  if (node && node === el.lastChild && node.nodeType === Node.TEXT_NODE) {
    if (node.data !== text) node.data = text;
  } else if (el.textContent !== text) el.textContent = text;
}

/** Set an attribute only where it differs; null removes it. */
export function attr(el, name, value) {
  if (value === null || value === undefined) el.removeAttribute(name);
  else if (el.getAttribute(name) !== value) el.setAttribute(name, value);
}

/** An icon of the page's sprite. */
export function icon(name) {
  const svg = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
  const use = document.createElementNS('http://www.w3.org/2000/svg', 'use');
  svg.setAttribute('class', 'ic');
  svg.setAttribute('aria-hidden', 'true');
  use.setAttribute('href', `#i-${name}`);
  svg.append(use);
  return svg;
}

/** A <time> that clock.js writes in this browser's zone. */
export function time(iso, form) {
  const el = document.createElement('time');
  el.dateTime = iso;
  el.dataset.form = form;
  return el;
}

/** Server-rendered HTML of our own as elements; null when it could not be had. */
export async function fragment(url) {
  const response = await fetch(url, { headers: { Accept: 'text/html' } }).catch(() => null);
  if (!response?.ok || response.redirected) return null;
  const holder = document.createElement('template');
  holder.innerHTML = await response.text();
  return holder.content;
}
