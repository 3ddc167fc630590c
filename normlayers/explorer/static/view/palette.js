/**
 * Colours: those of normlayers/pictures/palette.py, told apart by lightness as well as by hue.
 * @module
 */

export const BLUE = '#1F5FA8';
export const GREEN = '#4DAF4A';
export const STATE_COLOURS = { 'always on': BLUE, selective: GREEN, dead: '#C8C8C8' };
export const STATES = ['dead', 'always on', 'selective', 'saturated'];

// Paul Tol's "muted" scheme, for three classes and more.
const CLASSES = [
  '#332288', '#88CCEE', '#44AA99', '#117733', '#999933', '#DDCC77', '#CC6677', '#882255',
  '#AA4499', '#888888',
];
// Okabe and Ito's colours, for runs.
const RUNS = ['#0072B2', '#D55E00', '#009E73', '#CC79A7'];
const BLUE_LIMIT = [143, 180, 220];
const GREEN_LIMIT = [150, 210, 146];

/** @type {Object<string, string>} */
let read = {};

/** Forget the theme's colours, after it changed. */
export function themeChanged() {
  read = {};
}

/**
 * A colour of the theme, as style.css names it.
 * @param {string} name  'ink', 'paper', 'soft', 'rule', 'accent'
 * @returns {string}
 */
export function themed(name) {
  read[name] ||= getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  return read[name];
}

/**
 * @param {number} label
 * @param {number} classes
 */
export function classColour(label, classes) {
  if (classes <= 2) return label === 1 ? GREEN : BLUE;
  return CLASSES[label % CLASSES.length];
}

/**
 * How many classes there are, by their names, the points' labels and the outputs: points and regions
 * have one set of colours.
 * @param {any} meta
 */
export function classCount({ points: { classes, labels }, layers }) {
  const outputs = layers.filter((/** @type {any} */ layer) => layer.role === 'output').map((/** @type {any} */ layer) => layer.neurons);
  return Math.max(classes?.length || 0, labels ? new Set(labels).size : 0, ...outputs.filter((/** @type {number} */ count) => count > 2));
}

/** @param {number} place */
export function runColour(place) {
  return RUNS[place % RUNS.length];
}

/**
 * Grey at no point, blue at all, between them greens from light to dark.
 * @param {number} share
 * @param {number} [tolerance]  as stateOf has it
 * @returns {string}
 */
export function shareColour(share, tolerance = 0) {
  if (!Number.isFinite(share)) return 'transparent';
  if (share <= tolerance) return STATE_COLOURS.dead;
  if (share >= 1 - tolerance) return BLUE;
  const [light, dark] = [[200, 236, 196], [29, 105, 45]];
  return `rgb(${light.map((from, i) => Math.round(from + (dark[i] - from) * share)).join(',')})`;
}

/**
 * Decision regions: from surely blue through the paper's colour to surely green.
 * @param {Uint8Array} bytes  probability of class 1, 0 to 255
 * @param {number} rows  the first at the bottom
 * @param {number} columns
 * @param {boolean} dark
 * @returns {ImageData}  the first row at the top, finer than the grid so that edges are smooth
 */
export function regions(bytes, rows, columns, dark) {
  const finer = Math.max(1, Math.ceil(180 / Math.max(rows, columns)));
  const [height, width] = [rows * finer, columns * finer];
  const image = new ImageData(width, height);
  const pixels = image.data;
  for (let y = 0; y < height; y++) {
    const v = Math.min(rows - 1, (y * (rows - 1)) / (height - 1 || 1));
    const row = Math.min(Math.max(rows - 2, 0), Math.floor(v));
    for (let x = 0; x < width; x++) {
      const u = Math.min(columns - 1, (x * (columns - 1)) / (width - 1 || 1));
      const column = Math.min(Math.max(columns - 2, 0), Math.floor(u));
      const at = row * columns + column;
      const [right, up] = [columns > 1 ? 1 : 0, rows > 1 ? columns : 0];
      const low = bytes[at] + (u - column) * (bytes[at + right] - bytes[at]);
      const high = bytes[at + up] + (u - column) * (bytes[at + up + right] - bytes[at + up]);
      const probability = (low + (v - row) * (high - low)) / 255;
      const to = ((height - 1 - y) * width + x) * 4;
      const limit = probability < 0.5 ? BLUE_LIMIT : GREEN_LIMIT;
      for (let i = 0; i < 3; i++) pixels[to + i] = limit[i];
      const sure = Math.abs(probability - 0.5) * 2;
      // Eight bands, so that the regions have edges one can see.
      pixels[to + 3] = Math.round((0.12 + 0.88 * Math.ceil(sure * 4) / 4) * (dark ? 140 : 215));
    }
  }
  return image;
}

/**
 * Decision regions of three classes and more: each in a lighter shade of its points' colour.
 * @param {Uint8Array | Float32Array} labels  the class predicted
 * @param {number} rows  the first at the bottom
 * @param {number} columns
 * @param {number} classes
 * @returns {ImageData}  the first row at the top, finer than the grid
 */
export function classRegions(labels, rows, columns, classes) {
  const finer = Math.max(1, Math.ceil(360 / Math.max(rows, columns)));
  const [height, width] = [rows * finer, columns * finer];
  const image = new ImageData(width, height);
  const colours = Array.from({ length: classes }, (_, label) => rgb(classColour(label, classes)));
  const votes = new Float64Array(classes);
  for (let y = 0; y < height; y++) {
    const v = (y * (rows - 1)) / (height - 1 || 1);
    const row = Math.min(Math.max(rows - 2, 0), Math.floor(v));
    for (let x = 0; x < width; x++) {
      const u = (x * (columns - 1)) / (width - 1 || 1);
      const column = Math.min(Math.max(columns - 2, 0), Math.floor(u));
      const label = nearestLabel(votes, labels, row * columns + column, columns > 1 ? 1 : 0, rows > 1 ? columns : 0, u - column, v - row);
      image.data.set(colours[label], ((height - 1 - y) * width + x) * 4);
      image.data[((height - 1 - y) * width + x) * 4 + 3] = 115;
    }
  }
  return image;
}

/** The class of most weight among a cell's four corners: edges run straight through it. @returns {number} */
function nearestLabel(votes, labels, at, right, up, across, upward) {
  const first = labels[at];
  if (first === labels[at + right] && first === labels[at + up] && first === labels[at + up + right]) return first;
  votes.fill(0);
  votes[first] += (1 - across) * (1 - upward);
  votes[labels[at + right]] += across * (1 - upward);
  votes[labels[at + up]] += (1 - across) * upward;
  votes[labels[at + up + right]] += across * upward;
  return votes.indexOf(Math.max(...votes));
}

/** Half way to white. @param {string} colour  #RRGGBB @returns {string} */
export function lighter(colour) {
  return `rgb(${rgb(colour).map((part) => Math.round((part + 255) / 2)).join(',')})`;
}

/** @param {string} colour  #RRGGBB @returns {number[]} */
function rgb(colour) {
  return [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
}
