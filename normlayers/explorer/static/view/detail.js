/**
 * What is known of the chosen point and the chosen neuron.
 * @module
 */

import { makeCourse } from './course.js';
import { element, replace, write } from './dom.js';
import { themed } from './palette.js';
import { className } from './plane.js';
import { about, inputNames, meaning, neuronName, number, percent, stateOf } from './words.js';

const MOST_NEURONS = 12;
const MOST_POINTS = 24;
const MOST_OUTPUTS = 6;

/** @param {any} act */
export function makeDetail(act) {
  const point = element('div', { class: 'point' });
  const neuron = element('div', { class: 'neuron-facts' });
  const course = makeCourse('share of the data it is active on, through training', 40);
  const caption = element('p', { class: 'note' }, 'Share of the data it is active on, through training:');
  const node = element('section', { class: 'detail', 'aria-live': 'off' }, point, neuron, caption, course.node);
  let drawn = '';

  /** @param {any} moment */
  function update(moment) {
    const { choice, meta, recording, snapshot, index, digest } = moment;
    const layer = choice.neuron && meta.layers.find((/** @type {any} */ other) => other.name === choice.neuron.layer);
    const column = layer ? layer.shown.indexOf(choice.neuron.index) : -1;
    const key = [index, Boolean(snapshot), Boolean(digest), choice.point, JSON.stringify(choice.neuron)].join();
    if (key !== drawn) {
      drawn = key;
      replace(point, aboutPoint(moment, act));
      replace(neuron, choice.neuron ? aboutNeuron(moment, layer, column, act) : [
        element('h3', {}, 'Neuron'),
        element('p', { class: 'note' }, 'Choose a neuron to see which points light it.'),
      ]);
    }
    const shown = column >= 0;
    caption.hidden = course.node.hidden = !shown;
    if (shown) {
      write(caption, `Share of ${layer.positions ? 'all positions' : 'the data'} it is active ${layer.positions ? 'at' : 'on'}, through training:`);
      course.update(recording, index, `${layer.name}:${column}`,
        [{ colour: themed('green'), at: (found) => found?.shares[layer.name]?.[column] }]);
    }
  }
  return { node, update };
}

/** @returns {Node[]} */
function aboutPoint(moment, act) {
  const { meta, snapshot, choice } = moment;
  if (choice.point === null) {
    return [element('h3', {}, 'Point'), element('p', { class: 'note' }, 'Choose a point to see the neurons it lights.')];
  }
  const place = meta.points.shown.indexOf(choice.point);
  const heading = element('h3', {}, `Point ${choice.point}`);
  if (place < 0) return [heading, element('p', { class: 'note' }, notRecorded(meta, choice.point))];
  if (!snapshot) return [heading, element('p', { class: 'note' }, 'This observation is not here.')];
  const label = meta.points.labels?.[place];
  const facts = [
    label === undefined || label === null ? 'no label' : `label: ${className(meta, label)}`,
    prediction(moment, place),
  ];
  return [heading, element('p', { class: 'facts' }, facts.join(' · ')),
    ...meta.layers.map((/** @type {any} */ layer) => litNeurons(layer, snapshot, place, act))];
}

/** @param {any} meta @param {number} row @returns {string} */
function notRecorded({ points: { shown, total } }, row) {
  const next = shown.find((/** @type {number} */ other) => other > row) ?? shown[0];
  const sampled = next !== undefined && row < total ? ` ${shown.length} of ${total} were; the next one is ${next}.` : '';
  return `Point ${row} was not recorded in this run.${sampled}`;
}

/** @returns {string} */
function prediction({ meta, snapshot }, place) {
  const values = snapshot.floats('prediction');
  if (!values) return 'its prediction was not recorded';
  const [, outputs = 1] = snapshot.shape('prediction');
  const own = values.subarray(place * outputs, (place + 1) * outputs);
  if (!own.every(Number.isFinite)) return 'prediction: NaN or infinite';
  const label = meta.points.labels?.[place];
  const kind = meta.prediction ?? kindOf(meta, outputs);
  if (!kind) return outputs === 1 ? `prediction: ${number(own[0])}` : `outputs: ${listed(own)}`;
  const said = kind === 'classes' ? own.indexOf(Math.max(...own)) : Number(kind === 'logit' ? own[0] > 0 : own[0] >= 0.5);
  const verdict = label === undefined || label === null ? '' : said === label ? ' ✓ right' : ' ✗ wrong';
  return `prediction: ${className(meta, said)} (output ${number(outputs > 1 ? own[said] : own[0])})${verdict}`;
}

/** How a class is read off the outputs, where earlier versions did not say. @returns {string} */
function kindOf({ layers, points }, outputs) {
  const last = layers.filter((/** @type {any} */ layer) => layer.role === 'output');
  if (last.length !== 1 || last[0].neurons !== outputs) return '';
  if (last[0].activation === 'softmax') return 'classes';
  return last[0].activation === 'sigmoid' && outputs === 1 && points.classes?.length === 2 ? 'probability' : '';
}

/** @param {Float32Array} values @returns {string} */
function listed(values) {
  const first = [...values.subarray(0, MOST_OUTPUTS)].map((value) => number(value)).join(', ');
  return values.length > MOST_OUTPUTS ? `${first} and ${values.length - MOST_OUTPUTS} more` : first;
}

/** @returns {Node} */
function litNeurons(layer, snapshot, place, act) {
  const active = snapshot.active(layer.name);
  if (!active) return element('p', {}, element('b', {}, layer.name), ': activity not recorded');
  if (snapshot.broken(layer.name)) return element('p', {}, element('b', {}, layer.name), ': its activations are NaN or infinite');
  const lit = [];
  const finest = snapshot.finest(layer.name);
  layer.shown.forEach((/** @type {number} */ index, /** @type {number} */ column) => {
    if (active(place, column)) lit.push({ index, value: snapshot.value(layer.name, place, column) });
  });
  if (lit.length > MOST_NEURONS) lit.sort((one, other) => (other.value || 0) - (one.value || 0));
  const buttons = lit.slice(0, MOST_NEURONS).map(({ index, value }) => element('button', {
    type: 'button', class: 'chip', 'data-key': `${layer.name}:${index}`,
    click: () => act.neuron({ layer: layer.name, index }),
  }, Number.isFinite(value) ? `${index + 1}: ${about(value, finest, true)}` : String(index + 1)));
  const rest = lit.length - buttons.length;
  return element('p', { class: 'lights', 'data-layer': layer.name }, element('b', {}, layer.name),
    ` lights ${lit.length} of ${layer.shown.length} `, ...buttons, rest > 0 ? ` and ${rest} more` : null);
}

/** @returns {Node[]} */
function aboutNeuron(moment, layer, column, act) {
  const { meta, snapshot, digest, choice } = moment;
  if (column < 0) {
    const why = layer ? 'is not among the neurons recorded' : 'is in no layer of this run';
    return [element('h3', {}, `Neuron ${choice.neuron.layer} ${choice.neuron.index + 1}`),
      element('p', { class: 'note' }, `It ${why}.`)];
  }
  const share = digest?.shares[layer.name]?.[column];
  const state = stateOf(share, meta.tolerance);
  const where = layer.positions ? ` active at ${percent(share)} of all positions` : ` active on ${percent(share)} of the data`;
  const parts = [element('h3', {}, `Neuron ${neuronName(layer, choice.neuron.index)}`),
    element('p', { class: 'facts' }, element('b', { class: `state ${state.replace(' ', '-')}` }, state),
      `${where}${shareOfClasses(moment, layer, column)}`),
    element('p', { class: 'note' }, meaning(state, share, layer))];
  const active = snapshot?.broken(layer.name) ? null : snapshot?.active(layer.name);
  if (active) parts.push(litPoints(meta, layer, active, column, act));
  else parts.push(element('p', { class: 'note' }, 'Which points light it was not recorded.'));
  parts.push(weights(moment, layer, column));
  return parts;
}

/** @returns {string} */
function shareOfClasses({ meta, snapshot }, layer, column) {
  const active = snapshot?.broken(layer.name) ? null : snapshot?.active(layer.name);
  const labels = meta.points.labels;
  if (!active || !labels) return '';
  const counts = new Map();
  labels.forEach((/** @type {number} */ label, /** @type {number} */ place) => {
    const [lit, all] = counts.get(label) || [0, 0];
    counts.set(label, [lit + (active(place, column) ? 1 : 0), all + 1]);
  });
  const sorted = [...counts].sort(([one], [other]) => one - other);
  return `${layer.positions ? ', somewhere on' : ':'} ${sorted.map(([label, [lit, all]]) => `${percent(lit / all)} of ${className(meta, label)}`).join(', ')}`;
}

/** @returns {Node} */
function litPoints(meta, layer, active, column, act) {
  const lit = meta.points.shown.filter((/** @type {number} */ _, /** @type {number} */ place) => active(place, column));
  const buttons = lit.slice(0, MOST_POINTS).map((/** @type {number} */ row) => element('button', {
    type: 'button', class: 'chip', 'data-key': `point:${row}`, click: () => act.point(row),
  }, String(row)));
  const said = `${layer.positions ? 'Active somewhere on' : 'Lit by'} ${lit.length} of ${meta.points.shown.length} points: `;
  return element('p', { class: 'lit-points' }, said, ...buttons,
    lit.length > buttons.length ? ` and ${lit.length - buttons.length} more` : null);
}

/** @returns {Node} */
function weights({ meta, snapshot }, layer, column) {
  const kernel = snapshot?.floats(`kernel/${layer.name}`);
  if (!kernel) return element('p', { class: 'note' }, 'Its weights were not recorded (only small layers’ are).');
  const [inputs, neurons] = snapshot.shape(`kernel/${layer.name}`);
  const bias = snapshot.floats(`bias/${layer.name}`);
  const names = layer.inputs ? Array.from({ length: inputs }, (_, input) => `${layer.inputs} ${input + 1}`) : inputNames(meta, inputs);
  const parts = names.map((name, input) => `${name}: ${number(kernel[input * neurons + column])}`);
  if (bias) parts.push(`bias: ${number(bias[column])}`);
  return element('p', { class: 'weights' }, element('b', {}, 'Weights '), parts.join(', '));
}
