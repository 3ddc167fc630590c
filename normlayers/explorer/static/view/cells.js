/**
 * Wide layers as grids of cells coloured by share of the data, sorted and filtered.
 * @module
 */

import { element, sharp, write } from './dom.js';
import { BLUE, shareColour, themed } from './palette.js';
import { neuronName, percent, shownLayers, shownNeurons, stateOf } from './words.js';

const RANK = { dead: 0, selective: 1, 'always on': 2, unknown: 3 };

/** @param {any} meta @param {any} act */
export function makeCells(meta, act) {
  const grids = meta.layers.map((/** @type {any} */ layer) => makeGrid(layer, act));
  const swatches = ['dead', '5 %', '50 %', '95 %', 'always on'].map((words, i) => {
    const dot = element('i', { class: 'dot square' });
    dot.style.background = shareColour([0, 0.05, 0.5, 0.95, 1][i]);
    return element('span', {}, dot, words);
  });
  const alike = element('p', { class: 'note duplicates', hidden: true });
  const node = element('section', { class: 'cells' }, element('h3', {}, 'Neurons'),
    element('div', { class: 'legend' }, ...swatches, element('span', {}, element('i', { class: 'dot square lit' }), 'lit by the point')),
    leftOut(meta), alike, ...grids.map((/** @type {any} */ grid) => grid.node));
  function update(/** @type {any} */ moment) {
    alike.hidden = moment.choice.filter !== 'duplicate';
    write(alike, aboutDuplicates(meta.points));
    for (const grid of grids) grid.update(moment);
  }
  return { node, update };
}

/** @param {any} meta @returns {Node | null} */
export function leftOut(meta) {
  const said = shownLayers(meta);
  return said ? element('p', { class: 'note' }, said) : null;
}

/** What is known of duplicates, where not all points are. @returns {string} */
function aboutDuplicates({ shown, total }) {
  if (!(total > shown.length)) return 'Duplicates are lit by exactly the same points.';
  return `Duplicates are lit by the same of the ${shown.length} points shown; the other ${total - shown.length} of ${total} may tell them apart.`;
}

/** @param {any} layer @param {any} act */
function makeGrid(layer, act) {
  const canvas = element('canvas', { tabindex: 0, role: 'application' });
  const title = element('h4', {});
  const said = element('p', { class: 'note', hidden: true });
  const node = element('div', { class: 'grid' }, title, canvas, said);
  /** @type {any} */
  let seen = null;
  const at = (/** @type {PointerEvent} */ event) => {
    if (!seen) return null;
    const column = Math.floor(event.offsetX / seen.side);
    const place = Math.floor(event.offsetY / seen.side) * seen.across + column;
    return column < seen.across && place < seen.order.length ? neuron(seen.order[place]) : null;
  };
  const neuron = (/** @type {number} */ column) => ({ layer: layer.name, index: layer.shown[column] });
  canvas.addEventListener('click', (event) => act.neuron(at(event)));
  canvas.addEventListener('pointermove', (event) => {
    const found = at(event);
    canvas.title = found ? describe(found.index) : '';
    act.hover(found);
  });
  canvas.addEventListener('pointerleave', () => act.hover(null));
  canvas.addEventListener('keydown', (event) => {
    const by = seen && { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -seen.across, ArrowDown: seen.across }[event.key];
    if (!by || !seen.order.length) return;
    event.preventDefault();
    event.stopPropagation();
    const from = seen.order.indexOf(seen.chosen);
    const to = from < 0 ? 0 : Math.min(seen.order.length - 1, Math.max(0, from + by));
    act.neuron(neuron(seen.order[to]), true);
  });

  function describe(/** @type {number} */ index) {
    const share = seen.shares[layer.shown.indexOf(index)];
    return `${neuronName(layer, index)}: ${stateOf(share, seen.tolerance)}, active ${layer.positions ? 'at' : 'on'} ${percent(share)}`;
  }

  /** @param {any} moment */
  function update({ meta, snapshot, digest, choice, hover }) {
    const shares = digest?.shares[layer.name];
    said.hidden = Boolean(shares);
    canvas.hidden = !shares;
    const sampled = shownNeurons(layer);
    if (!shares) {
      seen = null;
      write(title, `${layer.name} · ${sampled}`);
      write(said, snapshot ? 'The activity of its neurons was not recorded.' : '');
      return;
    }
    const order = arranged(layer, shares, snapshot, choice, meta.tolerance);
    write(title, `${layer.name} · ${choice.filter === 'all' ? sampled : `${order.length} ${choice.filter} of ${layer.shown.length}`}`);
    const width = node.clientWidth;
    if (!width) return;
    const side = layer.shown.length > 200 ? 11 : 18;
    const across = Math.max(1, Math.min(Math.floor((width - 2) / side), layer.shown.length > 200 ? 64 : 32));
    const chosen = choice.neuron?.layer === layer.name ? layer.shown.indexOf(choice.neuron.index) : -1;
    const hovered = hover?.layer === layer.name ? layer.shown.indexOf(hover.index) : -1;
    seen = { side, across, order, shares, chosen, tolerance: meta.tolerance };
    canvas.setAttribute('aria-label', chosen >= 0 ? describe(choice.neuron.index) : `${layer.name}: arrow keys go from neuron to neuron`);
    const height = Math.max(1, Math.ceil(order.length / across)) * side + 2;
    const context = sharp(canvas, width, height);
    const place = choice.point === null ? -1 : meta.points.shown.indexOf(choice.point);
    const active = snapshot && place >= 0 ? snapshot.active(layer.name) : null;
    paint(context, seen, { active, place, chosen, hovered });
  }
  return { node, update };
}

/** @param {CanvasRenderingContext2D} context */
function paint(context, { side, across, order, shares, tolerance }, { active, place, chosen, hovered }) {
  order.forEach((/** @type {number} */ column, /** @type {number} */ i) => {
    const [x, y] = [(i % across) * side + 1, Math.floor(i / across) * side + 1];
    const size = side - 2;
    const share = shares[column];
    context.fillStyle = shareColour(share, tolerance);
    context.fillRect(x, y, size, size);
    if (!Number.isFinite(share)) {
      context.strokeStyle = themed('soft');
      context.lineWidth = 1;
      context.strokeRect(x + 0.5, y + 0.5, size - 1, size - 1);
    }
    if (active && active(place, column)) {
      const inset = side / 3.4;
      context.fillStyle = shareColour(share, tolerance) === BLUE || share > 0.6 ? '#FFFFFF' : '#222222';
      context.fillRect(x + inset - 1, y + inset - 1, size - 2 * inset + 2, size - 2 * inset + 2);
    }
    if (column === chosen || column === hovered) {
      context.lineWidth = column === chosen ? 2.5 : 1.5;
      context.strokeStyle = themed('ink');
      context.strokeRect(x - 0.25, y - 0.25, size + 0.5, size + 0.5);
    }
  });
}

/** The columns to show, in their order. @returns {number[]} */
function arranged(layer, shares, snapshot, { sort, filter }, tolerance) {
  const state = (/** @type {number} */ column) => stateOf(shares[column], tolerance);
  let columns = layer.shown.map((/** @type {number} */ _, /** @type {number} */ column) => column);
  if (filter === 'duplicate') {
    const twins = snapshot ? duplicates(snapshot, layer.name) : new Set();
    columns = columns.filter((/** @type {number} */ column) => twins.has(column));
  } else if (filter !== 'all') {
    columns = columns.filter((/** @type {number} */ column) => state(column) === filter);
  }
  const by = sort === 'share' ? (/** @type {number} */ c) => shares[c] : (/** @type {number} */ c) => RANK[state(c)];
  return sort === 'number' ? columns : columns.sort((/** @type {number} */ a, /** @type {number} */ b) => by(a) - by(b) || a - b);
}

/**
 * Selective neurons that light for the same shown points as another.
 * @param {import('./snapshot.js').Snapshot} snapshot
 * @param {string} layer
 * @returns {Set<number>}
 */
export function duplicates(snapshot, layer) {
  const active = snapshot.active(layer);
  if (!active) return new Set();
  const [points, neurons] = snapshot.shape(`active/${layer}`);
  const same = new Map();
  for (let neuron = 0; neuron < neurons; neuron++) {
    let [pattern, lit] = ['', 0];
    for (let point = 0; point < points; point++) {
      const on = active(point, neuron);
      lit += on ? 1 : 0;
      pattern += on ? '1' : '0';
    }
    if (lit === 0 || lit === points) continue;
    same.set(pattern, [...(same.get(pattern) || []), neuron]);
  }
  return new Set([...same.values()].filter((members) => members.length > 1).flat());
}
