// What a person reads comes from the server, translated; JavaScript only fills the gaps.
const read = (id) => JSON.parse(document.getElementById(id)?.textContent || '{}');
const texts = read('texts');
export const pulseAtLoad = read('pulse');

/** The text `key` with {0}, {1} … replaced. */
export const say = (key, ...values) => (texts[key] || key).replace(/\{(\d)\}/g, (_, n) => values[n]);

/** Seconds as "12 s", "3 min", "5 h", "6 d". */
export function span(seconds) {
  const s = Math.max(0, Math.round(seconds));
  if (s < 100) return say('s', s);
  if (s < 5400) return say('min', Math.round(s / 60));
  if (s < 129600) return say('h', Math.round(s / 3600));
  return say('d', Math.round(s / 86400));
}
