/**
 * What numbers mean, in words.
 * @module
 */

/** @param {number} share @returns {string} */
export function percent(share) {
  if (share === null || !Number.isFinite(share)) return '–';
  if (share > 0 && share < 0.01) return '< 1 %';
  if (share < 1 && share > 0.99) return '> 99 %';
  return `${Math.round(share * 100)} %`;
}

/** @param {number} value @param {number} digits  of those that count @returns {string} */
export function number(value, digits = 3) {
  if (value === null || value === undefined || Number.isNaN(value)) return 'NaN';
  if (!Number.isFinite(value)) return value > 0 ? '∞' : '−∞';
  const size = Math.abs(value);
  const text = size !== 0 && (size < 0.001 || size >= 1e5) ? value.toExponential(digits - 1) : String(+value.toPrecision(digits));
  return text.replace('-', '−');
}

/**
 * A number that is known to some finest step.
 * @param {number} value
 * @param {number} finest
 * @param {boolean | null} [lit]  whether it is over 0, though the step is too coarse to tell
 * @returns {string}
 */
export function about(value, finest, lit = false) {
  if (!(finest > 0) || !Number.isFinite(value)) return number(value);
  if (value === 0 && lit) return `< ${number(finest, 1)}`;
  if (Math.abs(value) < finest) return number(value, 1);
  const rounded = Math.round(value / finest) * finest;
  return number(rounded, Math.max(1, Math.min(3, 1 + Math.floor(Math.log10(Math.abs(rounded) / finest)))));
}

/**
 * Two numbers in as many digits as tell them apart.
 * @param {number} one @param {number} other @param {number} [digits]  at least
 * @returns {[string, string]}
 */
export function apart(one, other, digits = 3) {
  while (one !== other && digits < 17 && number(one, digits) === number(other, digits)) digits += 1;
  return [number(one, digits), number(other, digits)];
}

/**
 * @param {number} share
 * @param {number} [tolerance]  shares up to it count as none of the points, shares from 1 minus it as all
 * @returns {'dead' | 'always on' | 'selective' | 'unknown'}
 */
export function stateOf(share, tolerance = 0) {
  if (share === undefined || !Number.isFinite(share)) return 'unknown';
  if (share <= tolerance) return 'dead';
  return share >= 1 - tolerance ? 'always on' : 'selective';
}

// Of these nothing passes below 0, nor does a gradient.
const SHUT_BELOW_0 = ['relu', 'relu6'];
// These are a line above 0.
const STRAIGHT_ABOVE_0 = ['relu', 'leaky_relu', 'prelu', 'elu', 'selu', 'celu'];

/**
 * What a neuron's state means.
 * @param {string} state  from stateOf
 * @param {number} share  that the state is of
 * @param {{activation: string, positions?: boolean}} layer
 */
export function meaning(state, share, { activation, positions }) {
  const almost = share > 0 && share < 1 ? 'almost ' : '';
  const none = positions ? `It is active ${almost}nowhere` : `${almost ? 'Almost no' : 'No'} point lights it`;
  const all = positions ? `It is active ${almost}everywhere` : `${almost ? 'Almost every' : 'Every'} point lights it`;
  if (state === 'dead') {
    return SHUT_BELOW_0.includes(activation) ? `${none}: ${almost}no gradient reaches its weights, so it ${almost ? 'hardly learns' : 'cannot learn'}.`
      : `${none}: on these data it stays on the lower side of its activation.`;
  }
  if (state === 'always on') {
    return STRAIGHT_ABOVE_0.includes(activation) ? `${all}: on these data it adds ${almost}nothing but a linear term.`
      : `${all}: on these data it stays on the upper side of its activation.`;
  }
  if (state !== 'selective') return 'Its activity was not recorded, or is NaN or infinite.';
  return positions ? 'It is active at some positions and not at others.'
    : 'Some points light it and others do not: it tells them apart.';
}

/**
 * The name of a neuron: its layer and its number from 1.
 * @param {{name: string}} layer
 * @param {number} index
 */
export function neuronName(layer, index) {
  return `${layer.name} ${index + 1}`;
}

/** How many layers are shown, where that is not all. @param {any} meta @returns {string} */
export function shownLayers({ layers, layers_total: total }) {
  return total > layers.length ? `${layers.length} of ${total} layers are shown.` : '';
}

/** How many neurons a layer has, and are shown. @param {any} layer @returns {string} */
export function shownNeurons({ shown, neurons }) {
  return shown.length < neurons ? `${shown.length} shown of ${neurons} neurons` : `${neurons} neuron${neurons === 1 ? '' : 's'}`;
}

/**
 * The names of the features that weights on the input are of.
 * @param {any} meta
 * @param {number} count
 * @returns {string[]}
 */
export function inputNames({ points }, count) {
  // Of several inputs, and only of those, the number of features is recorded as null.
  const unnamed = (/** @type {number} */ index) => points?.features === null ? `input ${index + 1}` : `x${index}`;
  return Array.from({ length: count }, (_, index) => points?.feature_names?.[index] ?? unnamed(index));
}

/**
 * A short name for a drawing: h1, h2 in a first hidden layer, y1 in the output.
 * @param {any[]} layers
 * @param {number} depth
 * @param {number} index
 */
export function shortName(layers, depth, index) {
  if (layers[depth].role === 'output') return layers[depth].neurons === 1 ? 'y' : `y${index + 1}`;
  const hidden = layers.filter((layer) => layer.role !== 'output');
  return hidden.length > 1 ? `h${hidden.indexOf(layers[depth]) + 1}.${index + 1}` : `h${index + 1}`;
}

/**
 * What ails a layer, in a sentence; '' where nothing does.
 * @param {any} layer
 * @param {Float32Array | null} states  shares dead, always on, selective, saturated
 * @param {Float32Array | undefined} shares  of points that each neuron is active on
 * @returns {{ill: boolean, text: string}}
 */
export function diagnosis(layer, states, shares) {
  if (!states) return { ill: false, text: 'The states of its neurons were not recorded.' };
  const [dead, always, selective, saturated] = states;
  if (layer.role === 'output') return { ill: false, text: 'The output: what the network says.' };
  if ([dead, always, selective].every((share) => !Number.isFinite(share))) {
    if (shares?.some(Number.isFinite)) {
      return { ill: false, text: 'Its states are not measured: only those of hidden layers that are not linear are.' };
    }
    return { ill: true, text: 'Its states are not defined: its activations are NaN or infinite.' };
  }
  const shut = SHUT_BELOW_0.includes(layer.activation);
  if (dead >= 1) {
    return { ill: true, text: shut ? 'Every neuron is dead: nothing passes this layer.'
      : 'Every neuron is dead: all stay on the lower side of their activation.' };
  }
  const straight = STRAIGHT_ABOVE_0.includes(layer.activation);
  if (always >= 1) {
    return { ill: true, text: straight ? 'Every neuron is always on: the layer is linear on these data.'
      : 'Every neuron is always on: none tells points apart by its side.' };
  }
  const faults = [];
  if (dead >= 0.2) faults.push(`${percent(dead)} of the neurons are dead${shut ? ' and cannot learn' : ''}`);
  if (always >= 0.5) faults.push(`${percent(always)} are always on${straight ? ' and add only linear terms' : ''}`);
  if (saturated >= 0.5) faults.push(`${percent(saturated)} of the activations are saturated: small gradients`);
  if (!faults.length) return { ill: false, text: 'Healthy: its neurons tell points apart.' };
  const text = faults.join('; ');
  return { ill: true, text: `${text}.` };
}

/** Which runs cannot be shown, and why. @param {string[]} others */
export function withoutSnapshots(others) {
  const named = others.slice(0, 5).map((run) => `“${run}”`).join(', ');
  const rest = others.length > 5 ? ` and ${others.length - 5} more` : '';
  const are = others.length === 1 ? '1 run has' : `${others.length} runs have`;
  return `${are} no snapshots (${named}${rest}): written by an older normlayers, with snapshots off or by another tool, or their files are damaged. Train again with ActivationTracker to see them here.`;
}
