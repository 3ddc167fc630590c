/**
 * What feeds what in a small network, and the column that each layer stands in.
 * @module
 */

import { inputNames } from './words.js';

const MOST_INPUTS = 16;

/**
 * @typedef {{from: any, to: any, weighted: boolean}} Link  from a layer, or from the inputs: null
 * @typedef {{names: string[], block: string}} Inputs  one by one, or together in one block
 * @typedef {{links: Link[], columns: any[][], inputs: Inputs | null}} Wiring
 *   columns of layers, without the inputs'
 */

/**
 * How many inputs each layer's weights are of, of the layers whose weights were recorded.
 * @param {any} meta @param {import('./snapshot.js').Snapshot | null} snapshot
 * @returns {Object<string, number>}
 */
export function inputsOfKernels(meta, snapshot) {
  const names = meta.layers.map((/** @type {any} */ layer) => layer.name);
  return Object.fromEntries(names.map((/** @type {string} */ name) => [name, snapshot?.shape(`kernel/${name}`)?.[0]])
    .filter(([, count]) => count !== undefined));
}

/** @param {any} meta @param {Object<string, number>} counts  from inputsOfKernels @returns {Wiring} */
export function wire(meta, counts) {
  const layers = new Map(meta.layers.map((/** @type {any} */ layer) => [layer.name, layer]));
  /** @type {Map<string, number>} */
  const columnOf = new Map([['', 0]]);
  /** @type {Link[]} */
  const links = [];
  let last = 0;
  for (const layer of meta.layers) {
    // Weights were recorded with what they weigh. What feeds the other layers is in no record of an
    // earlier version, and in none where it is not known.
    const weighted = counts[layer.name] !== undefined;
    const sources = weighted ? [layer.inputs] : layer.fed_by || [];
    for (const name of sources) {
      if (columnOf.has(name)) links.push({ from: layers.get(name) || null, to: layer, weighted });
    }
    const before = [...sources, ...(layer.fed_by || [])].map((name) => columnOf.get(name) ?? last);
    const column = 1 + (before.length ? Math.max(...before) : last);
    columnOf.set(layer.name, column);
    last = Math.max(last, column);
  }
  const columns = Array.from({ length: last }, (_, column) =>
    meta.layers.filter((/** @type {any} */ layer) => columnOf.get(layer.name) === column + 1));
  return { links, columns, inputs: inputsOf(meta, counts, links.filter((link) => !link.from)) };
}

/** The layers that no link leads to, in a sentence. @param {any} meta @param {Link[]} links */
export function notFed(meta, links) {
  const left = meta.layers.filter((/** @type {any} */ layer) => links.every((link) => link.to !== layer));
  const names = left.map((/** @type {any} */ layer) => `“${layer.name}”`).join(', ');
  return names && `No line leads to ${names}: what feeds ${left.length > 1 ? 'them' : 'it'} is not known, or not shown.`;
}

/** @param {any} meta @param {Object<string, number>} counts @param {Link[]} links @returns {Inputs | null} */
function inputsOf(meta, counts, links) {
  if (!links.length) return null;
  const features = meta.points?.features;
  const taken = new Set(links.filter((link) => link.weighted).map((link) => counts[link.to.name]));
  // Weights of several inputs do not say which of these they are of.
  const one = features !== null && taken.size === 1;
  const count = one ? [...taken][0] : features;
  if (one && count <= MOST_INPUTS) return { names: inputNames(meta, count), block: '' };
  return { names: [], block: Number.isFinite(count) ? `${count} input${count === 1 ? '' : 's'}` : 'input' };
}
