/**
 * Light or dark: as TensorBoard is, else as the reader's system is.
 * @module
 */

import { tensorBoardBody } from './choice.js';
import { themeChanged } from './palette.js';

/** @param {() => void} changed */
export function followTheme(changed) {
  const body = tensorBoardBody();
  const system = window.matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const dark = body ? body.classList.contains('dark-mode') : system.matches;
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    themeChanged();
    changed();
  };
  if (body) new MutationObserver(apply).observe(body, { attributeFilter: ['class'] });
  else system.addEventListener('change', apply);
  apply();
}
