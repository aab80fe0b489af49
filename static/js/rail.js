// The exit rail: fixed shapes in percent, so that an update is a handful of attributes.
import { attr, put } from './dom.js';

const LABEL_EVERY = 10000; // a screen reader's label does not chase the price

/** The shapes of one rail inside `root`. */
export function railRefs(root) {
  const q = (name) => root.querySelector(`.${name}`);
  return {
    svg: q('rail'), track: q('track'), open: q('open'), fill: q('fill'), stop: q('at-stop'), target: q('at-target'),
    ghost: q('at-ghost'), entry: q('at-entry'), now: q('now'), left: root.querySelector('[data-t=rl]'), right: root.querySelector('[data-t=rr]'), said: 0,
  };
}

const show = (el, on) => attr(el, 'display', on ? null : 'none');

function cap(holder, tone) {
  show(holder, tone);
  if (tone) attr(holder.firstElementChild, 'class', `cap ${tone}`);
}

function at(holder, x) {
  show(holder, x);
  if (x) attr(holder, 'x', x);
}

/** Draw `rail` (CONTRACT: positions/presenting/rail.py) into the shapes. */
export function drawRail(refs, rail) {
  show(refs.track, rail.track);
  if (rail.track) { attr(refs.track, 'x', rail.track[0]); attr(refs.track, 'width', rail.track[1]); }
  show(refs.open, rail.open);
  if (rail.open) { attr(refs.open, 'x1', rail.open[0]); attr(refs.open, 'x2', rail.open[1]); }
  show(refs.fill, rail.fill);
  if (rail.fill) {
    attr(refs.fill, 'x', rail.fill[0]);
    attr(refs.fill, 'width', rail.fill[1]);
    attr(refs.fill, 'class', `fill ${rail.fill[2]}`);
  }
  cap(refs.stop, rail.stop);
  cap(refs.target, rail.target);
  at(refs.ghost, rail.ghost);
  at(refs.entry, rail.entry);
  show(refs.now, rail.now);
  if (rail.now) attr(refs.now, 'cx', rail.now);
  if (refs.left) put(refs.left, rail.left);
  if (refs.right) put(refs.right, rail.right);
  if (Date.now() - refs.said > LABEL_EVERY) {
    attr(refs.svg, 'aria-label', rail.label);
    refs.said = Date.now();
  }
}
