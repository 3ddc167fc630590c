/**
 * How cells are sorted and filtered, and a point by its number.
 * @module
 */

import { FILTERS, SORTS } from './choice.js';
import { element } from './dom.js';

/** @param {any} act */
export function makeToolbar(act) {
  const options = (/** @type {string[]} */ names) => names.map((name) => element('option', { value: name }, name));
  const sort = element('select', { change: () => act.arrange({ sort: sort.value }) }, ...options(SORTS));
  const filter = element('select', { change: () => act.arrange({ filter: filter.value }) }, ...options(FILTERS));
  const point = element('input', {
    type: 'number', min: 0, placeholder: 'row',
    change: () => act.point(/^\d+$/.test(point.value) ? +point.value : null, true),
  });
  const cells = element('span', { class: 'group' },
    element('label', {}, 'sort cells by ', sort), element('label', {}, 'show ', filter));
  const node = element('div', { class: 'toolbar' }, element('label', {}, 'point ', point), cells,
    element('button', { type: 'button', click: () => act.clear() }, 'clear selection'),
    element('details', { class: 'keys' }, element('summary', {}, 'keys'), element('p', { class: 'sheet' },
      '← → one observation, with shift ten; Home and End the first and last; space plays; ',
      'n and p the next and previous point; Tab to a neuron, Enter chooses it; ',
      'arrow keys within the input space or a grid of cells move the choice; Esc clears it.')));

  /** @param {any} choice @param {boolean} wide  whether any run is shown as cells */
  function update(choice, wide) {
    cells.hidden = !wide;
    if (sort.value !== choice.sort) sort.value = choice.sort;
    if (filter.value !== choice.filter) filter.value = choice.filter;
    const text = choice.point === null ? '' : String(choice.point);
    if (point.value !== text) point.value = text;
  }
  return { node, update };
}
