// Runs before the first paint (blocking, no module): the stored theme, else the system's.
(() => {
  const root = document.documentElement;
  const stored = () => { try { return localStorage.getItem('theme'); } catch { return null; } };
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => { root.dataset.theme = stored() || (dark.matches ? 'dark' : 'light'); };
  apply();
  dark.addEventListener('change', apply);
  addEventListener('click', (event) => {
    if (!event.target.closest('#theme')) return;
    root.dataset.theme = root.dataset.theme === 'dark' ? 'light' : 'dark';
    try { localStorage.setItem('theme', root.dataset.theme); } catch { /* private window: lasts for this page */ }
  });
})();
