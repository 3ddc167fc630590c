/**
 * Which runs are shown: up to four, side by side.
 * @module
 */

import { MOST_RUNS } from './choice.js';
import { element, replace, write } from './dom.js';

/** @param {(runs: string[]) => void} choose */
export function makeChooser(choose) {
  const summary = element('summary', {});
  const search = element('input', {
    type: 'search', placeholder: 'find a run', 'aria-label': 'find a run', input: () => narrow(),
  });
  const list = element('div', { class: 'names' });
  const node = element('details', { class: 'chooser' }, summary, element('div', { class: 'sheet' }, search, list));

  function narrow() {
    for (const label of list.children) {
      label.hidden = !label.textContent.toLowerCase().includes(search.value.toLowerCase());
    }
  }

  document.addEventListener('click', (event) => {
    if (!event.composedPath().includes(node)) node.open = false;
  });

  node.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape' || !node.open) return;
    event.stopPropagation();
    node.open = false;
    summary.focus();
  });
  node.addEventListener('focusout', ({ relatedTarget }) => {
    if (relatedTarget && !node.contains(relatedTarget)) node.open = false;
  });

  /** @param {string[]} all @param {string[]} chosen */
  function update(all, chosen) {
    write(summary, `Runs: ${chosen.length} of ${all.length}`);
    search.hidden = all.length <= 8;
    const full = chosen.length >= MOST_RUNS;
    replace(list, all.map((run) => {
      const on = chosen.includes(run);
      const box = element('input', {
        type: 'checkbox', checked: on, disabled: !on && full, 'data-key': run,
        change: () => choose(box.checked ? [...chosen, run] : chosen.filter((other) => other !== run)),
      });
      return element('label', { title: !on && full ? `at most ${MOST_RUNS} runs side by side` : run }, box, element('span', {}, run));
    }));
    narrow();
  }
  return { node, update };
}
