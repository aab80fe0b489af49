// Actions: the same plain forms that work without JavaScript, sent by fetch, answered by a toast.
import { say } from './texts.js';
import { toast } from './voice.js';

/** POST `body` (FormData) to `url`; gives the answer {message, undo} or null after telling why not. */
export async function post(url, body) {
  const response = await fetch(url, { method: 'POST', body, headers: { Accept: 'application/json' } }).catch(() => null);
  if (!response) { toast(say('no_answer'), { bad: true }); return null; }
  if (response.redirected) { location.reload(); return null; } // the session has ended: to the login page
  const answer = await response.json().catch(() => ({}));
  if (answer.confirm) { location.assign(answer.confirm); return null; } // the password first
  if (!response.ok) { toast(answer.error || say('refused', response.status), { bad: true }); return null; }
  const undo = answer.undo && {
    label: say('undo'),
    run: () => {
      const form = new FormData();
      form.set('csrfmiddlewaretoken', body.get('csrfmiddlewaretoken'));
      for (const [name, value] of Object.entries(answer.undo.fields || {})) form.set(name, value);
      post(answer.undo.url, form);
    },
  };
  toast(answer.message, { undo });
  return answer;
}

/** Catch every form[data-act]; its button is inert until the answer is there. */
export function startForms() {
  document.addEventListener('submit', async (event) => {
    const form = event.target.closest('form[data-act]');
    if (!form) return;
    event.preventDefault();
    const button = event.submitter;
    if (button?.getAttribute('aria-disabled') === 'true') return;
    button?.setAttribute('aria-disabled', 'true');
    const answer = await post(form.action, new FormData(form));
    button?.removeAttribute('aria-disabled');
    form.closest('[popover]')?.hidePopover?.();
    if (answer) form.dispatchEvent(new CustomEvent('done', { bubbles: true, detail: answer }));
  });
}
