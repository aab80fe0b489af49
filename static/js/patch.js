// Makes a part of the page show what the server has rendered anew, without touching what has not
// changed, nor what is under the user's hands.
const drawn = new WeakMap(); // element: the source it was drawn from

// What scrolls by itself stays where it was.
const boxes = (el) => [...el.querySelectorAll('.tall, .wide')];
// Every rendering masks the form's token anew: it says nothing about what is shown.
const source = (el) => el.outerHTML.replace(/(name="csrfmiddlewaretoken" value=")[^"]*/g, '$1');

/** Make `old` show what `fresh` shows: element by element by id (inside [data-keyed]), and never
 *  under the user's hands unless it `must` change. Says whether anything did. */
export function patch(old, fresh, must) {
  if (old.dataset.once !== undefined) return false;
  if (fresh.dataset.keyed !== undefined) return patchChildren(old, fresh, must);
  const now = source(fresh);
  if (drawn.get(old) === now) return false;
  const held = old.contains(document.activeElement);
  const same = held ? twin(document.activeElement, fresh) : null;
  if (held && !same && !must) return false;
  drawn.set(fresh, now);
  keepOpen(old, fresh);
  const places = boxes(old).map((el) => [el.scrollTop, el.scrollLeft]);
  old.replaceWith(fresh);
  boxes(fresh).forEach((el, i) => { [el.scrollTop, el.scrollLeft] = places[i] || [0, 0]; });
  same?.focus({ preventScroll: true });
  return true;
}

/** The button or link in `fresh` that does what the focused one does. A choice or a text that
 *  somebody is at has none: it would be lost. */
function twin(el, fresh) {
  if (!el.matches('button, a')) return null;
  const does = (one) => `${one.ariaLabel || one.textContent} ${one.form?.getAttribute('action') || one.getAttribute('href')}`;
  return [...fresh.querySelectorAll(el.localName)].find((one) => does(one) === does(el)) || null;
}

function patchChildren(old, fresh, must) {
  let changed = false;
  const wanted = [...fresh.children];
  const ids = new Set(wanted.map((el) => el.id));
  for (const el of [...old.children]) {
    if (ids.has(el.id) || (!must && el.contains(document.activeElement))) continue;
    el.remove();
    changed = true;
  }
  let place = old.firstElementChild;
  for (const el of wanted) {
    const here = old.querySelector(`:scope > #${CSS.escape(el.id)}`);
    if (!here) {
      remember(el);
      old.insertBefore(el, place);
      changed = true;
      continue;
    }
    if (here === place) place = place.nextElementSibling;
    else if (!here.contains(document.activeElement)) old.insertBefore(here, place);
    changed = patch(here, el, must) || changed;
  }
  return changed;
}

/** What is new was drawn from itself. */
export function remember(el) {
  if (el.dataset.keyed === undefined) drawn.set(el, source(el));
  else for (const child of el.children) remember(child);
}

/** What the user has opened stays open. */
function keepOpen(old, fresh) {
  for (const el of old.querySelectorAll('details[id]')) {
    const twin = fresh.querySelector(`#${CSS.escape(el.id)}`);
    if (twin) twin.open = el.open;
  }
}
