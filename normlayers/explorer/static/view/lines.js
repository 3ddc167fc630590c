/**
 * Where a first layer's neurons' pre-activations are 0, in a plane of two inputs.
 * @module
 */

/** @typedef {{w: [number, number], b: number}} Line  active where w . x + b > 0 */

/**
 * The layer that takes the two inputs, if its weights are here.
 * @param {any} meta
 * @param {import('./snapshot.js').Snapshot} snapshot
 */
export function firstLayer(meta, snapshot) {
  const depth = meta.layers.findIndex((/** @type {any} */ layer) => !layer.inputs);
  if (depth < 0) return null;
  const layer = meta.layers[depth];
  const kernel = snapshot.floats(`kernel/${layer.name}`);
  const sizes = snapshot.shape(`kernel/${layer.name}`);
  if (!kernel || sizes[0] !== 2) return null;
  const bias = snapshot.floats(`bias/${layer.name}`);
  const neurons = sizes[1];
  return {
    layer, depth, neurons,
    line: (/** @type {number} */ index) => /** @type {Line} */ ({
      w: [kernel[index], kernel[neurons + index]], b: bias ? bias[index] : 0,
    }),
  };
}

/**
 * Whether the lines part the points as their recorded activity does. They do not where, say, a
 * normalization stands between the inputs and the layer.
 * @returns {boolean}
 */
export function linesAgree(meta, snapshot, first) {
  const active = snapshot.active(first.layer.name);
  if (!active) return true;
  let [agreeing, all] = [0, 0];
  for (let index = 0; index < first.neurons; index++) {
    const { w, b } = first.line(index);
    meta.points.position.forEach(([u, v], place) => {
      agreeing += w[0] * u + w[1] * v + b > 0 === active(place, index) ? 1 : 0;
      all += 1;
    });
  }
  return all === 0 || agreeing / all >= 0.98;
}

/**
 * The part of a convex polygon in which a neuron is active.
 * @param {number[][]} corners
 * @param {Line} line
 * @returns {number[][]}
 */
export function half(corners, line) {
  const kept = [];
  corners.forEach((corner, i) => {
    const next = corners[(i + 1) % corners.length];
    const [here, there] = [side(corner, line), side(next, line)];
    if (here > 0) kept.push(corner);
    if (here > 0 !== there > 0) kept.push(between(corner, next, here, there));
  });
  return kept;
}

/**
 * Where the line crosses a convex polygon's edge: two points, or none.
 * @param {number[][]} corners
 * @param {Line} line
 * @returns {number[][]}
 */
export function border(corners, line) {
  const ends = [];
  corners.forEach((corner, i) => {
    const next = corners[(i + 1) % corners.length];
    const [here, there] = [side(corner, line), side(next, line)];
    if (here > 0 !== there > 0) ends.push(between(corner, next, here, there));
  });
  return ends;
}

function side([u, v], { w, b }) {
  return w[0] * u + w[1] * v + b;
}

function between(from, to, here, there) {
  const t = here / (here - there);
  return [from[0] + t * (to[0] - from[0]), from[1] + t * (to[1] - from[1])];
}
