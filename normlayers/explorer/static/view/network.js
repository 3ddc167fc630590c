/**
 * A small network as a drawing: neurons lit by a point or coloured by state, edges by weight.
 * @module
 */

import { element, fitted, set, shape, write } from './dom.js';
import { STATE_COLOURS, themed } from './palette.js';
import { inputsOfKernels, notFed, wire } from './wiring.js';
import { about, neuronName, percent, shortName, shownLayers, shownNeurons, stateOf } from './words.js';

const MOST = 16;
const ACROSS = 420;
// An input's name, a neuron's row, and what stands between layers of one column, in rows.
const WIDEST = 110;
const NARROWEST = 19.75;
const APART = 0.6;
// A value's height under its neuron, in pixels.
const VALUE = 15;
// As the style sheet's.
const FONT = '12px system-ui, sans-serif';

/** Whether every layer is small enough to be drawn. @param {any} meta */
export function isSmall(meta) {
  return meta.layers.length <= 6 && meta.layers.every((/** @type {any} */ layer) => layer.neurons <= MOST);
}

/** @param {any} meta @param {any} act */
export function makeNetwork(meta, act) {
  const svg = shape('svg', { role: 'group', 'aria-label': 'network' });
  const legend = element('div', { class: 'legend' });
  const said = element('p', { class: 'note' });
  const node = element('section', { class: 'network' }, element('h3', {}, 'Network'), svg, legend, said);
  /** @type {Object<string, number>} */
  let counts = {};
  /** @type {any} */
  let drawing = null;

  /** @param {any} moment */
  function update({ snapshot, digest, choice }) {
    // Inputs that were recorded once stay, though the weights may be NaN, and not recorded, later.
    const known = { ...counts, ...inputsOfKernels(meta, snapshot) };
    if (!drawing || JSON.stringify(known) !== JSON.stringify(counts)) {
      counts = known;
      const wiring = wire(meta, counts);
      drawing = { ...draw(svg, meta, act, wiring), note: [shownLayers(meta), ...sampled(meta), notFed(meta, wiring.links)].filter(Boolean).join(' ') };
    }
    // Which weights there are is known of an observation alone.
    if (snapshot) write(said, drawing.note);
    const place = choice.point === null ? -1 : meta.points.shown.indexOf(choice.point);
    const lit = (/** @type {any} */ layer, /** @type {number} */ column) => {
      const active = snapshot && place >= 0 && !snapshot.broken(layer.name) && snapshot.active(layer.name);
      return active ? active(place, column) : null;
    };
    for (const { group, circle, text, value, layer, index, column } of drawing.nodes) {
      const share = digest?.shares[layer.name]?.[column];
      const state = stateOf(share, meta.tolerance);
      const here = lit(layer, column);
      const colour = here === null
        ? (STATE_COLOURS[state] || themed('paper'))
        : here ? STATE_COLOURS[layer.role === 'output' ? 'always on' : 'selective'] : '#FFFFFF';
      set(circle, 'fill', colour);
      text.style.fill = colour === STATE_COLOURS['always on'] ? '#FFFFFF' : !STATE_COLOURS[state] && here === null ? themed('ink') : '#222222';
      set(group, 'class', `neuron${chosen(choice, layer, index) ? ' chosen' : ''}${here ? ' lit' : ''}`);
      set(group, 'aria-pressed', chosen(choice, layer, index));
      const amount = place >= 0 && snapshot ? snapshot.value(layer.name, place, column) : NaN;
      write(value, Number.isFinite(amount) ? about(amount, snapshot.finest(layer.name), here) : '');
      const says = here === null ? `${state}, active ${layer.positions ? 'at' : 'on'} ${percent(share)}` : here ? 'lit by the point' : 'not lit by the point';
      set(group, 'aria-label', `${neuronName(layer, index)}: ${says}`);
    }
    paintEdges(drawing.edges, snapshot, lit);
    describe(legend, place >= 0, meta, drawing.edges);
  }
  return { node, update };
}

/** @param {SVGElement} svg @param {any} meta @param {any} act @param {import('./wiring.js').Wiring} wiring */
function draw(svg, meta, act, { links, columns, inputs }) {
  const tall = (/** @type {any[]} */ layers) =>
    layers.reduce((count, layer) => count + layer.shown.length, 0) + APART * (layers.length - 1);
  const named = (inputs?.names || []).map((name) => ({ name, ...fitted(name, WIDEST, FONT) }));
  const tallest = Math.max(2, named.length, ...columns.map(tall));
  const down = Math.max(Math.min(340, 50 + tallest * 56), 24 + tallest * NARROWEST);
  set(svg, 'viewBox', `0 0 ${ACROSS} ${down}`);
  const y = (/** @type {number} */ place, /** @type {number} */ count) =>
    down / 2 - 6 + (place - (count - 1) / 2) * Math.min(68, (down - 24) / count);
  const block = inputs?.block ? fitted(inputs.block, WIDEST, FONT) : null;
  const left = !inputs ? 40 : block ? block.width + 18 : Math.max(30, 4 + Math.max(...named.map(({ width }) => width)));
  const first = inputs ? 1 : 0;
  const x = (/** @type {number} */ column) => left + ((ACROSS - 40 - left) * column) / Math.max(1, columns.length - 1 + first);
  const drawnLinks = shape('g', {});
  svg.replaceChildren(drawnLinks);
  named.forEach(({ name, text }, index) => svg.append(
    shape('text', { x: left, y: y(index, named.length) + 4, class: 'input' }, text, shape('title', {}, name))));
  if (block) {
    svg.append(shape('rect', { x: 2, y: down / 2 - 22, width: left - 2, height: 32, rx: 4, class: 'input' }),
      shape('text', { x: left - 8, y: down / 2 - 2, class: 'input' }, block.text));
  }
  /** @type {any[]} */
  const nodes = [];
  const starts = named.length ? named.map((_, row) => ({ x: left + 5, y: y(row, named.length), row, at: 0 }))
    : [{ x: left, y: down / 2 - 6, row: -1, at: 0 }];
  columns.forEach((layers, column) => {
    const count = tall(layers);
    let place = 0;
    for (const layer of layers) {
      layer.shown.forEach((/** @type {number} */ index, /** @type {number} */ among) => {
        const at = { x: x(column + first), y: y(place, count), ...sizeOf(Math.min(68, (down - 24) / count)) };
        nodes.push({ ...makeNode(meta, act, layer, index, at), ...at, at: column + 1, row: index, column: among });
        place += 1;
      });
      place += APART;
    }
  });
  svg.append(...nodes.map(({ group }) => group));
  const ofLayer = (/** @type {any} */ layer) => nodes.filter((node) => node.layer === layer);
  const edges = links.flatMap(({ from, to, weighted }) => (from ? ofLayer(from) : starts).flatMap((start) =>
    ofLayer(to).map((end) => ({ line: edge(start, end, down), from, start, end, weighted: weighted && start.row >= 0 }))));
  drawnLinks.append(...edges.map(({ line }) => line));
  return { nodes, edges };
}

/** A neuron's circle, and whether its value has room under it. @param {number} room  from neuron to neuron */
function sizeOf(room) {
  const above = (room - VALUE) / 2;
  return above >= 11 ? { radius: Math.min(17, above), valued: true } : { radius: room / 2.4, valued: false };
}

/** A line from node to node; past other layers in a bow, so that it does not seem to come from them. */
function edge(start, end, down) {
  if (end.at - start.at < 2) return shape('line', { x1: start.x, y1: start.y, x2: end.x, y2: end.y });
  const aside = start.y + end.y < down - 12 ? -down * 0.2 : down * 1.2;
  return shape('path', { d: `M${start.x} ${start.y} Q${(start.x + end.x) / 2} ${aside} ${end.x} ${end.y}` });
}

/** @param {any} meta @param {any} act @param {any} layer @param {number} index @param {{x: number, y: number, radius: number, valued: boolean}} at */
function makeNode(meta, act, layer, index, { x, y, radius, valued }) {
  const circle = shape('circle', { cx: x, cy: y, r: radius });
  const value = shape('text', { x, y: y + radius + 12, class: 'value' });
  const text = shape('text', { x, y: y + 4, class: 'name' }, shortName(meta.layers, meta.layers.indexOf(layer), index));
  const neuron = { layer: layer.name, index };
  const choose = () => act.neuron(neuron);
  const group = shape('g', {
    class: 'neuron', tabindex: 0, role: 'button', 'data-neuron': `${layer.name}:${index + 1}`,
    click: choose, pointerenter: () => act.hover(neuron), pointerleave: () => act.hover(null),
    focus: () => act.hover(neuron), blur: () => act.hover(null),
    keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return;
      event.preventDefault();
      // Elsewhere space plays.
      event.stopPropagation();
      choose();
    },
  }, circle, text, valued ? value : null);
  return { group, circle, text, value, layer, index };
}

/** @param {any} meta @returns {string[]} */
function sampled(meta) {
  return meta.layers.filter((/** @type {any} */ layer) => layer.shown.length < layer.neurons)
    .map((/** @type {any} */ layer) => `${layer.name}: ${shownNeurons(layer)}.`);
}

/** @param {any} choice @param {any} layer @param {number} index */
function chosen({ neuron }, layer, index) {
  return Boolean(neuron && neuron.layer === layer.name && neuron.index === index);
}

/** @param {any[]} edges @param {any} snapshot @param {(layer: any, column: number) => boolean | null} lit */
function paintEdges(edges, snapshot, lit) {
  const largest = new Map();
  for (const { line, from, start, end, weighted } of edges) {
    const { name } = end.layer;
    const kernel = weighted && snapshot ? snapshot.floats(`kernel/${name}`) : null;
    const weight = kernel ? kernel[start.row * end.layer.shown.length + end.column] : NaN;
    if (kernel && !largest.has(name)) {
      largest.set(name, kernel.reduce((/** @type {number} */ most, /** @type {number} */ value) => Math.max(most, Math.abs(value) || 0), 0) || 1);
    }
    const size = Number.isFinite(weight) ? Math.abs(weight) / largest.get(name) : 0.1;
    const dark = from && lit(from, start.column) === false;
    set(line, 'stroke-width', (0.4 + 3.6 * size).toFixed(2));
    set(line, 'class', `edge${weight < 0 ? ' negative' : ''}${weighted ? '' : ' unknown'}${dark ? ' dark' : ''}`);
  }
}

/** What the colours mean, for one point or for all. */
function describe(legend, onePoint, meta, edges) {
  const weights = [true, false].filter((weighted) => edges.some((/** @type {any} */ edge) => edge.weighted === weighted));
  const key = [onePoint, ...weights].join();
  if (legend.dataset.key === key) return;
  legend.dataset.key = key;
  const outputs = meta.layers.some((/** @type {any} */ layer) => layer.role === 'output');
  const entries = onePoint
    ? [['selective', 'lit by the point'], ...(outputs ? [['always on', 'output, active']] : []), ['', 'not lit']]
    : [['always on', 'always on'], ['selective', 'selective'], ['dead', 'dead']];
  const lines = weights.flatMap((weighted) => weighted ? [['plus', 'weight > 0'], ['minus', 'weight < 0']] : [['unknown', 'weights not shown']]);
  legend.replaceChildren(...entries.map(([state, words]) => {
    const dot = element('i', { class: 'dot ring' });
    dot.style.background = STATE_COLOURS[state] || '#FFFFFF';
    return element('span', {}, dot, words);
  }), ...lines.map(([kind, words]) => element('span', {}, element('i', { class: `key ${kind}` }), words)));
}
