// One socket. It hands every frame on, keeps the last journal id, and comes back with ?after=.
const LONGEST = 20000; // ms between two tries at most
const SILENT = 12000; // a pulse comes every few seconds: after this the link is dead whatever it says
const GONE = 4401; // the server's word for "your session has ended"

let socket = null;
let last = null; // last journal id seen
let epoch = null; // of which history: a restored database has another one
let heard = 0; // when any frame came, ms
let tries = 0;
let timer = 0;
let receive = () => {};
let changed = () => {};

/** Ms since the last frame; Infinity before the first. */
export const quiet = () => (heard ? Date.now() - heard : Infinity);
/** Whether frames are flowing now: derived from data, never from the socket's own word. */
export const alive = () => quiet() < SILENT;

function again() {
  clearTimeout(timer);
  // Full jitter: after a restart of the server not every tab knocks at once.
  const most = Math.min(LONGEST, 500 * 2 ** tries);
  tries += 1;
  timer = setTimeout(connect, 200 + Math.random() * most);
}

/** Connect now; used at start, by "Retry now" and when the network or the tab comes back. */
export function connect() {
  clearTimeout(timer);
  if (socket) { socket.onclose = socket.onmessage = null; socket.close(); }
  const url = new URL('/ws/live/', location.href);
  url.protocol = location.protocol === 'https:' ? 'wss:' : 'ws:';
  if (last !== null) url.searchParams.set('after', last);
  if (epoch !== null) url.searchParams.set('epoch', epoch);
  socket = new WebSocket(url);
  socket.onmessage = (event) => {
    const frame = JSON.parse(event.data);
    heard = Date.now();
    tries = 0;
    if (frame.id !== undefined) last = frame.id;
    if (frame.type === 'snapshot') epoch = frame.epoch;
    receive(frame);
  };
  socket.onclose = (event) => {
    changed();
    if (event.code === GONE) location.reload(); // leads to the login page and back here
    else again();
  };
}

/** Start from journal id `after` of history `since`; `onFrame(frame)`, `onChange()` when the link breaks. */
export function startLink(after, since, onFrame, onChange) {
  last = after;
  epoch = since;
  receive = onFrame;
  changed = onChange;
  connect();
  addEventListener('online', connect);
  addEventListener('pageshow', (event) => { if (event.persisted) connect(); }); // back from the page cache
  document.addEventListener('visibilitychange', () => { if (!document.hidden && !alive()) connect(); });
  setInterval(() => { if (!document.hidden && heard && !alive() && socket?.readyState === WebSocket.OPEN) connect(); }, 3000);
}
