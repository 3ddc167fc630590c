/**
 * A small network as a drawing: neurons lit by a point or coloured by state, edges by weight.
 * @module
 */

import { element, set, shape, write } from './dom.js';
import { STATE_COLOURS, themed } from './palette.js';
import { neuronName, percent, shortName, stateOf } from './words.js';

const MOST = 16;
const ACROSS = 420;

/** Whether every layer is small enough to be drawn. @param {any} meta */
export function isSmall(meta) {
  return meta.layers.length <= 6 && meta.layers.every((/** @type {any} */ layer) => layer.neurons <= MOST);
}

/** @param {any} meta @param {any} act */
export function makeNetwork(meta, act) {
  const tallest = Math.max(2, ...meta.layers.map((/** @type {any} */ layer) => layer.neurons));
  const down = Math.min(340, 50 + tallest * 56);
  const svg = shape('svg', { viewBox: `0 0 ${ACROSS} ${down}`, role: 'group', 'aria-label': 'network' });
  const legend = element('div', { class: 'legend' });
  const node = element('section', { class: 'network' }, element('h3', {}, 'Network'), svg, legend);
  const inputs = meta.points?.axes?.length || 0;
  const columns = meta.layers.length + (inputs ? 1 : 0);
  const x = (/** @type {number} */ column) => 40 + ((ACROSS - 80) * column) / Math.max(1, columns - 1);
  const y = (/** @type {number} */ index, /** @type {number} */ count) => down / 2 - 6 + (index - (count - 1) / 2) * Math.min(68, (down - 24) / count);
  const links = shape('g', {});
  svg.append(links);
  /** @type {any[]} */
  const edges = [];
  /** @type {any[]} */
  const nodes = [];
  for (let index = 0; index < inputs; index++) {
    svg.append(shape('text', { x: x(0), y: y(index, inputs) + 4, class: 'input' }, meta.points.axes[index]));
  }
  meta.layers.forEach((/** @type {any} */ layer, /** @type {number} */ depth) => {
    const before = layer.inputs ? meta.layers.findIndex((/** @type {any} */ other) => other.name === layer.inputs) : -1;
    const sources = before >= 0 ? meta.layers[before].neurons : layer.inputs ? 0 : inputs;
    const column = depth + (inputs ? 1 : 0);
    const from = before >= 0 ? before + (inputs ? 1 : 0) : 0;
    for (let source = 0; source < sources; source++) {
      for (let index = 0; index < layer.neurons; index++) {
        const line = shape('line', {
          x1: x(from) + (before < 0 ? 16 : 0), y1: y(source, sources), x2: x(column), y2: y(index, layer.neurons),
        });
        links.append(line);
        edges.push({ line, layer, before, source, index, sources });
      }
    }
    for (let index = 0; index < layer.neurons; index++) nodes.push(makeNode(layer, depth, index, column));
  });

  function makeNode(layer, depth, index, column) {
    const radius = Math.min(17, (down - 24) / layer.neurons / 2.4);
    const circle = shape('circle', { cx: x(column), cy: y(index, layer.neurons), r: radius });
    const value = shape('text', { x: x(column), y: y(index, layer.neurons) + radius + 12, class: 'value' });
    const text = shape('text', { x: x(column), y: y(index, layer.neurons) + 4, class: 'name' }, shortName(meta.layers, depth, index));
    const neuron = { layer: layer.name, index };
    const choose = () => act.neuron(neuron);
    const group = shape('g', {
      class: 'neuron', tabindex: 0, role: 'button', 'data-neuron': `${layer.name}:${index + 1}`,
      click: choose, pointerenter: () => act.hover(neuron), pointerleave: () => act.hover(null),
      focus: () => act.hover(neuron), blur: () => act.hover(null),
      keydown: (/** @type {KeyboardEvent} */ event) => {
        if (event.key !== 'Enter') return;
        event.preventDefault();
        choose();
      },
    }, circle, text, radius >= 12 ? value : null);
    svg.append(group);
    return { group, circle, text, value, layer, index };
  }

  /** @param {any} moment */
  function update({ snapshot, digest, choice }) {
    const place = choice.point === null ? -1 : meta.points.shown.indexOf(choice.point);
    const lit = (/** @type {any} */ layer, /** @type {number} */ index) => {
      const active = snapshot && place >= 0 && !snapshot.broken(layer.name) && snapshot.active(layer.name);
      return active ? active(place, index) : null;
    };
    for (const { group, circle, text, value, layer, index } of nodes) {
      const share = digest?.shares[layer.name]?.[index];
      const state = stateOf(share);
      const here = lit(layer, index);
      const colour = here === null
        ? (STATE_COLOURS[state] || themed('paper'))
        : here ? STATE_COLOURS[layer.role === 'output' ? 'always on' : 'selective'] : '#FFFFFF';
      set(circle, 'fill', colour);
      text.style.fill = colour === STATE_COLOURS['always on'] ? '#FFFFFF' : !STATE_COLOURS[state] && here === null ? themed('ink') : '#222222';
      set(group, 'class', `neuron${chosen(choice, layer, index) ? ' chosen' : ''}${here ? ' lit' : ''}`);
      set(group, 'aria-pressed', chosen(choice, layer, index));
      const amount = place >= 0 && snapshot ? snapshot.value(layer.name, place, index) : NaN;
      write(value, Number.isFinite(amount) ? amount.toFixed(2).replace('-', '−') : '');
      const says = here === null ? `${state}, active on ${percent(share)}` : here ? 'lit by the point' : 'not lit by the point';
      set(group, 'aria-label', `${neuronName(layer, index)}: ${says}`);
    }
    paintEdges(edges, snapshot, meta, lit);
    describe(legend, place >= 0, meta);
  }
  return { node, update };
}

/** @param {any} choice @param {any} layer @param {number} index */
function chosen({ neuron }, layer, index) {
  return Boolean(neuron && neuron.layer === layer.name && neuron.index === index);
}

function paintEdges(edges, snapshot, meta, lit) {
  const largest = new Map();
  for (const { line, layer, before, source, index } of edges) {
    const kernel = snapshot?.floats(`kernel/${layer.name}`);
    const weight = kernel ? kernel[source * layer.neurons + index] : NaN;
    if (kernel && !largest.has(layer.name)) {
      largest.set(layer.name, kernel.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0) || 1);
    }
    const size = Number.isFinite(weight) ? Math.abs(weight) / largest.get(layer.name) : 0.1;
    const dark = before >= 0 && lit(meta.layers[before], source) === false;
    set(line, 'stroke-width', (0.4 + 3.6 * size).toFixed(2));
    set(line, 'class', `edge${weight < 0 ? ' negative' : ''}${dark ? ' dark' : ''}`);
  }
}

/** What the colours mean, for one point or for all. */
function describe(legend, onePoint, meta) {
  if (legend.dataset.key === String(onePoint)) return;
  legend.dataset.key = String(onePoint);
  const outputs = meta.layers.some((/** @type {any} */ layer) => layer.role === 'output');
  const entries = onePoint
    ? [['selective', 'lit by the point'], ...(outputs ? [['always on', 'output, active']] : []), ['', 'not lit']]
    : [['always on', 'always on'], ['selective', 'selective'], ['dead', 'dead']];
  legend.replaceChildren(...entries.map(([state, words]) => {
    const dot = element('i', { class: 'dot ring' });
    dot.style.background = STATE_COLOURS[state] || '#FFFFFF';
    return element('span', {}, dot, words);
  }), element('span', {}, element('i', { class: 'key plus' }), 'weight > 0'),
  element('span', {}, element('i', { class: 'key minus' }), 'weight < 0'));
}

