/**
 * The layers as a table: how many neurons are in which state, and what that means.
 * @module
 */

import { leftOut } from './cells.js';
import { makeCourse } from './course.js';
import { element, set, write } from './dom.js';
import { STATES, themed } from './palette.js';
import { makeFindings } from './findings.js';
import { diverged } from './snapshot.js';
import { diagnosis, percent } from './words.js';

/** @param {any} meta */
export function makeLayers(meta) {
  const rows = meta.layers.map(makeRows);
  const head = ['layer', ...STATES, 'overlap'].map((words) => element('th', { scope: 'col', title: EXPLAINED[words] || false }, words));
  const table = element('table', {}, element('thead', {}, element('tr', {}, ...head)),
    ...rows.map((/** @type {any} */ row) => row.body));
  const findings = makeFindings();
  const node = element('section', { class: 'layers' }, element('h3', {}, 'Layers'), findings.node, leftOut(meta), table,
    element('p', { class: 'legend' },
      ...[['dead', 'dead'], ['always on', 'always on'], ['selective', 'selective']].map(([kind, words]) =>
        element('span', {}, element('i', { class: `key ${kind.replace(' ', '-')}` }), words)),
      element('span', {}, 'through training')));
  return {
    node,
    update: (/** @type {any} */ moment) => {
      findings.update(moment);
      rows.forEach((/** @type {any} */ row) => row.update(moment));
    },
  };
}

/** @type {Object<string, string>} */
const EXPLAINED = {
  dead: 'share of the neurons that no point lights',
  'always on': 'share of the neurons that every point lights',
  selective: 'share of the neurons that some points light',
  saturated: 'share of the activations where the activation function is almost flat',
  overlap: 'mean over pairs of neurons of the share of the points that light both',
};

/** @param {any} layer */
function makeRows(layer) {
  const cells = [...STATES, 'overlap'].map(() => element('td', {}));
  const words = element('span', { class: 'words' });
  const mark = element('span', { class: 'mark', 'aria-hidden': 'true' });
  const course = makeCourse(`${layer.name}: shares of dead, always on and selective neurons through training`, 26);
  // A recurrence has several, and is recorded with none.
  const activation = layer.activation ? [layer.activation] : [];
  const name = element('th', { scope: 'rowgroup', colspan: 6, title: [layer.name, ...activation].join(', ') },
    element('b', {}, layer.name), ' ', element('small', {}, [layer.neurons, ...activation].join(' · ')));
  const body = element('tbody', {}, element('tr', { class: 'layer-name' }, name), element('tr', { class: 'shares' }, element('td', {}), ...cells),
    element('tr', { class: 'meaning' }, element('td', { colspan: 6 }, course.node, mark, words)));

  /** @param {any} moment */
  function update({ meta, recording, digest, index, step }) {
    const states = digest?.states[layer.name] || null;
    STATES.forEach((_, place) => write(cells[place], states ? percent(states[place]) : '–'));
    const shares = digest?.shares[layer.name];
    // What it was before is not what it is.
    write(cells[4], percent(diverged(shares) ? NaN : scalarAt(meta.scalars?.[`activity/${layer.name}/overlap`], step)));
    const { ill, text } = diagnosis(layer, states, shares);
    set(body, 'class', ill ? 'ill' : '');
    write(mark, ill ? '▲ ' : '');
    write(words, digest ? text : 'not loaded yet');
    course.node.hidden = Boolean(states) && ![0, 1, 2].some((state) => Number.isFinite(states[state]));
    course.update(recording, index, layer.name, [
      { colour: themed('soft'), at: (found) => found?.states[layer.name]?.[0] },
      { colour: themed('blue'), at: (found) => found?.states[layer.name]?.[1] },
      { colour: themed('green'), at: (found) => found?.states[layer.name]?.[2] },
    ]);
  }
  return { body, update };
}

/** The last value at a step or before. @param {[number, number][] | undefined} pairs @param {number} step */
function scalarAt(pairs, step) {
  let value = NaN;
  for (const [at, scalar] of pairs || []) if (at <= step) value = scalar;
  return value;
}
