// The heartbeat: late and down come from the age of the data, computed here every second, so that
// a dead server, a dead monitor and a dead link all show, each under its own name.
import { say, span } from './texts.js';
import { now, onTick, setNow, since } from './clock.js';
import { alive, quiet } from './link.js';
import { announce } from './voice.js';

const $ = (id) => document.getElementById(id);
const put = (el, text) => { if (el && el.textContent !== text) el.textContent = text; };
let pulse = {};
let shown = null;
let linkShown = true;
let startedAt = 0;
const said = {};

/** ok, late or down as CONTRACT's /healthz: late above 2 intervals and before the first, down above 5. */
function stateOf(age) {
  if (pulse.state === 'down' && age === null) return 'down';
  if (age !== null && age < -2 * pulse.interval) return 'late'; // ended before the clock was set back
  if (age === null || age > 2 * pulse.interval) return age !== null && age > 5 * pulse.interval ? 'down' : 'late';
  return 'ok';
}

function labelOf(state, age) {
  if (age === null) return say('beat_none');
  if (state === 'ok') return say('beat_ok', span(age));
  return say(state === 'late' ? 'beat_late' : 'beat_down', span(age));
}

function drawBanner(state, age) {
  const banner = $('b-beat');
  banner.hidden = state === 'ok';
  banner.classList.toggle('crit', state === 'down');
  if (state === 'ok') return;
  const [head, detail] = banner.querySelectorAll('b, span');
  put(head, age === null ? say('silent_none') : say('silent', span(age)));
  put(detail, state === 'down' || age === null ? say('silent_down', pulse.interval) : say('silent_late', pulse.interval));
}

/** Banners whose sentence comes from the server; that one came or went is announced, its age is not. */
function drawSaid(name) {
  const banner = $(`b-${name}`);
  const text = pulse[name] || '';
  const was = said[name];
  said[name] = Boolean(text);
  banner.hidden = !text;
  if (text) put(banner.querySelector('span'), text);
  if (was !== undefined && was !== said[name]) announce(say(text ? `began_${name}` : `ended_${name}`), text ? 'assert' : 'polite');
}

function drawLink() {
  const ok = alive() || Date.now() - startedAt < 6000;
  put($('age-link'), alive() ? say('link_ok', span(quiet() / 1000)) : say('link_lost'));
  $('b-link').hidden = ok;
  if (!ok) put($('b-link-t'), say('link_stale', pulse.now ? new Date(Date.parse(pulse.now)).toLocaleTimeString() : '–'));
  if (ok !== linkShown) announce(say(ok ? 'link_back' : 'link_lost'));
  linkShown = ok;
}

function draw() {
  const age = since(pulse.check_at);
  const state = stateOf(age);
  const pill = $('beat');
  if (pill.dataset.state !== state) pill.dataset.state = state;
  put(pill.lastElementChild, labelOf(state, age));
  drawBanner(state, age);
  drawLink();
  const next = pulse.next_at ? (Date.parse(pulse.next_at) - now()) / 1000 : null;
  put($('age-next'), next === null ? '–' : next > 0 ? say('in', span(next)) : say('due'));
  if (shown && shown !== state) announce(say(`became_${state}`), state === 'down' ? 'assert' : 'polite');
  shown = state;
}

/** Take a pulse frame (or the one the page came with). */
export function takePulse(frame) {
  pulse = { ...pulse, ...frame };
  setNow(pulse.now);
  $('b-paused').hidden = !pulse.paused || Boolean(pulse.restored);
  $('b-restored').hidden = !pulse.restored;
  if (pulse.restored) put($('b-restored').querySelector('span'), pulse.restored);
  drawSaid('blind');
  drawSaid('leaves');
  const pop = $('beat-pop').querySelectorAll('time');
  [pulse.prices_at, pulse.check_at].forEach((at, i) => { if (pop[i] && at) pop[i].dateTime = at; });
  draw();
}

/** Start ticking with the pulse the page was rendered with. */
export function startPulse(first) {
  startedAt = Date.now();
  takePulse(first);
  onTick(draw);
}
