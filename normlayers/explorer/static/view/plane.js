/**
 * The input space: points by class, decision regions, the lines where neurons' pre-activations are 0.
 * @module
 */

import { element, fitted, sharp, write } from './dom.js';
import { drawPoints, markOf } from './dots.js';
import { border, firstLayer, half, linesAgree } from './lines.js';
import { classColour, classCount, classRegions, regions, themed } from './palette.js';
import { wholeNumbers } from './snapshot.js';
import { apart, shortName } from './words.js';

const PAD = 10;
const AXES_FONT = '11px system-ui, sans-serif';

/** @param {any} act  {point, neuron}: called with what was chosen */
export function makePlane(act) {
  const canvas = element('canvas', {
    tabindex: 0, role: 'application', 'aria-label': 'input space: arrow keys go from point to point',
  });
  const tip = element('div', { class: 'tip', hidden: true });
  const said = element('p', { class: 'note' });
  const legend = element('div', { class: 'legend' });
  const heard = element('span', { class: 'unseen', role: 'status' });
  const frame = element('div', { class: 'frame' }, canvas, tip, heard);
  const node = element('section', { class: 'plane' }, element('h3', {}, 'Input space'), frame, legend, said);
  const tile = document.createElement('canvas');
  /** @type {any} */
  let seen = null;

  canvas.addEventListener('click', (event) => {
    const found = seen && nearest(seen, event.offsetX, event.offsetY, 14);
    act.point(found === null ? null : found);
  });
  canvas.addEventListener('pointermove', (event) => {
    const found = seen && nearest(seen, event.offsetX, event.offsetY, 10);
    tip.hidden = found === null;
    if (found === null) return;
    const { meta } = seen;
    const place = meta.points.shown.indexOf(found);
    const label = meta.points.labels?.[place];
    write(tip, `point ${found}${label === undefined ? '' : `, ${className(meta, label)}`}`);
    tip.style.left = `${Math.min(event.offsetX + 12, seen.width - 110)}px`;
    tip.style.top = `${event.offsetY + 12}px`;
  });
  canvas.addEventListener('pointerleave', () => { tip.hidden = true; });
  canvas.addEventListener('keydown', (event) => {
    const next = seen && neighbour(seen, event.key);
    if (next === null) return;
    event.preventDefault();
    event.stopPropagation();
    act.point(next, true);
    const label = seen.meta.points.labels?.[seen.meta.points.shown.indexOf(next)];
    write(heard, `point ${next}${label === undefined ? '' : `, ${className(seen.meta, label)}`}`);
  });

  /** @param {any} moment */
  function update(moment) {
    const { meta, snapshot, choice, hover } = moment;
    const positions = meta.points?.position;
    frame.hidden = !positions?.length;
    node.classList.toggle('none', frame.hidden);
    if (!positions?.length) {
      seen = null;
      write(said, 'No plane to draw the points on was recorded: choose a point by its number instead.');
      return;
    }
    const width = frame.clientWidth;
    if (!width) return;
    const height = Math.min(width, 460);
    const box = boxOf(meta, snapshot);
    const scale = scaleOf(box, width, height);
    seen = { meta, scale, width, height, point: choice.point, names: [], places: positions.map((at) => scale(at[0], at[1])) };
    const context = sharp(canvas, width, height);
    const drawn = snapshot ? drawRegions(context, tile, snapshot, scale, meta) : false;
    const notes = drawLines(context, moment, seen, box);
    drawPoints(context, moment, seen, hover || choice.neuron);
    /** @type {number[][]} */
    const taken = [];
    for (const [ends, size, text] of seen.names) label(context, ends, size, text, taken);
    axes(context, meta, box, width, height);
    write(said, [...(drawn ? [] : ['No decision regions were recorded.']), ...notes, counted(meta)].filter(Boolean).join(' '));
    describe(legend, meta, drawn);
  }
  return { node, update };
}

/** @param {any} meta @param {number} label */
export function className(meta, label) {
  return `class ${meta.points.classes?.[label] ?? label}`;
}

/** @param {any} meta */
function counted({ points }) {
  if (!points.total || points.shown.length >= points.total) return '';
  return `${points.shown.length} of ${points.total} points are shown.`;
}

/** @param {HTMLElement} legend @param {any} meta @param {boolean} withRegions */
function describe(legend, meta, withRegions) {
  const classes = classCount(meta);
  const key = `${classes} ${withRegions} ${meta.points.labels ? 1 : 0}`;
  if (legend.dataset.key === key) return;
  legend.dataset.key = key;
  const all = meta.points.labels ? [...new Set(meta.points.labels)].sort((a, b) => a - b) : [];
  const labels = all.slice(0, 10);
  legend.replaceChildren(...labels.map((label) => {
    const dot = element('i', { class: `dot mark-${markOf(label)}` });
    dot.style.background = classColour(label, classes);
    return element('span', {}, element('span', { class: 'rimmed' }, dot), className(meta, label));
  }));
  if (all.length > labels.length) legend.append(element('span', {}, `and ${all.length - labels.length} more, in the same colours`));
  if (!labels.length) legend.append(element('span', {}, 'the points have no labels'));
}

/** @param {any} meta @param {any} snapshot */
function boxOf(meta, snapshot) {
  if (snapshot?.extent && (snapshot.bytes('boundary') || snapshot.bytes('classes'))) return snapshot.extent;
  let [u0, u1, v0, v1] = [Infinity, -Infinity, Infinity, -Infinity];
  for (const [u, v] of meta.points.position) {
    if (!Number.isFinite(u) || !Number.isFinite(v)) continue;
    [u0, u1, v0, v1] = [Math.min(u0, u), Math.max(u1, u), Math.min(v0, v), Math.max(v1, v)];
  }
  if (u0 > u1) [u0, u1, v0, v1] = [-1, 1, -1, 1];
  const pads = [(u1 - u0) * 0.08 || 1, (v1 - v0) * 0.08 || 1];
  return [u0 - pads[0], u1 + pads[0], v0 - pads[1], v1 + pads[1]];
}

/** @param {number[]} box @param {number} width @param {number} height */
function scaleOf([u0, u1, v0, v1], width, height) {
  return (/** @type {number} */ u, /** @type {number} */ v) => [
    PAD + ((width - 2 * PAD) * (u - u0)) / (u1 - u0), height - PAD - ((height - 2 * PAD) * (v - v0)) / (v1 - v0),
  ];
}

/** @returns {ImageData | null} */
function regionsOf(snapshot, meta) {
  const bytes = snapshot.bytes('boundary');
  if (bytes) {
    const dark = document.documentElement.dataset.theme === 'dark';
    return regions(bytes, ...snapshot.shape('boundary'), dark);
  }
  const labels = wholeNumbers(snapshot, 'classes');
  if (!labels) return null;
  return classRegions(labels, ...snapshot.shape('classes'), Math.max(classCount(meta), 1 + Math.max(...labels)));
}

/** @returns {boolean}  whether there were any to draw */
function drawRegions(context, tile, snapshot, scale, meta) {
  const image = snapshot.extent && regionsOf(snapshot, meta);
  if (!image) return false;
  tile.width = image.width;
  tile.height = image.height;
  tile.getContext('2d').putImageData(image, 0, 0);
  const [u0, u1, v0, v1] = snapshot.extent;
  const [[left, top], [right, bottom]] = [scale(u0, v1), scale(u1, v0)];
  context.imageSmoothingEnabled = true;
  context.drawImage(tile, left, top, right - left, bottom - top);
  return true;
}

/** @returns {string[]}  what cannot be drawn */
function drawLines(context, { meta, snapshot, choice, hover }, seen, box) {
  const { scale, width, height } = seen;
  const first = snapshot && firstLayer(meta, snapshot);
  if (!first) return [];
  if (!linesAgree(meta, snapshot, first)) {
    return ['The neurons’ lines are not drawn: they part these points otherwise than the neurons do; perhaps something before the first layer changes these inputs.'];
  }
  const chosen = hover || choice.neuron;
  const outside = [];
  let broken = 0;
  const corners = [[box[0], box[2]], [box[1], box[2]], [box[1], box[3]], [box[0], box[3]]];
  for (let index = 0; index < first.neurons; index++) {
    const here = chosen && chosen.layer === first.layer.name && first.layer.shown[index] === chosen.index;
    const line = first.line(index);
    if (![...line.w, line.b].every(Number.isFinite)) {
      broken += 1;
      continue;
    }
    if (here) {
      context.beginPath();
      for (const [u, v] of half(corners, line)) context.lineTo(...scale(u, v));
      context.closePath();
      context.fillStyle = hatching(context);
      context.fill();
    }
    const ends = border(corners, line).map(([u, v]) => scale(u, v));
    if (ends.length < 2) {
      outside.push(shortName(meta.layers, first.depth, first.layer.shown[index]));
      continue;
    }
    context.beginPath();
    context.moveTo(...ends[0]);
    context.lineTo(...ends[1]);
    context.strokeStyle = themed('ink');
    context.lineWidth = here ? 3 : 1.4;
    context.stroke();
    if (first.neurons <= 8) seen.names.push([ends, [width, height], shortName(meta.layers, first.depth, first.layer.shown[index])]);
  }
  const notes = broken ? [`${broken} of ${first.neurons} neurons have no line: their weights are NaN or infinite.`] : [];
  if (!outside.length) return notes;
  const whose = outside.length === first.neurons ? 'No neuron has' : `${outside.join(', ')} ${outside.length > 1 ? 'have' : 'has'}`;
  return [...notes, `${whose} ${outside.length === first.neurons ? 'a line' : 'no line'} here: all that is drawn lies on one side.`];
}

/** Stripes, so that the regions' colours under them stay what they are. */
function hatching(context) {
  const stripe = document.createElement('canvas');
  stripe.width = stripe.height = 9;
  const pen = stripe.getContext('2d');
  pen.strokeStyle = themed('shade');
  pen.lineWidth = 1.6;
  for (const shift of [-9, 0, 9]) {
    pen.moveTo(shift, 9);
    pen.lineTo(shift + 9, 0);
  }
  pen.stroke();
  return context.createPattern(stripe, 'repeat');
}

/** A line's name, at the first place along it that no other name takes. */
function label(context, [from, to], [width, height], text, taken) {
  context.font = '600 12px system-ui, sans-serif';
  const across = context.measureText(text).width + 4;
  const place = (/** @type {number} */ share) => {
    const along = (/** @type {number} */ axis) => from[axis] * (1 - share) + to[axis] * share;
    return [
      4 + Math.max(PAD + 2, Math.min(width - PAD - 10 - across, along(0))),
      -4 + Math.max(PAD + 34, Math.min(height - PAD - 20, along(1))),
    ];
  };
  const free = ([x, y]) => taken.every(([left, base, wide]) =>
    Math.abs(y - base) > 13 || x > left + wide || x + across < left);
  const [x, y] = [0.12, 0.88, 0.22, 0.78, 0.32, 0.68, 0.42, 0.58].map(place).find(free) || place(0.12);
  taken.push([x, y, across]);
  context.lineWidth = 4;
  context.strokeStyle = themed('paper');
  context.strokeText(text, x, y);
  context.fillStyle = themed('ink');
  context.fillText(text, x, y);
}

function axes(context, meta, [u0, u1, v0, v1], width, height) {
  const [across, up] = meta.points.axes || ['', ''];
  context.strokeStyle = themed('rule');
  context.lineWidth = 1;
  context.strokeRect(PAD - 0.5, PAD - 0.5, width - 2 * PAD + 1, height - 2 * PAD + 1);
  context.font = AXES_FONT;
  context.strokeStyle = themed('paper');
  context.fillStyle = themed('ink');
  context.lineWidth = 3;
  const say = (text, x, y, align) => {
    context.textAlign = align;
    context.strokeText(text, x, y);
    context.fillText(text, x, y);
  };
  const most = width - 2 * PAD - 10;
  say(range(across, u0, u1, most), width - PAD - 5, height - PAD - 6, 'right');
  say(range(up, v0, v1, most), PAD + 5, PAD + 14, 'left');
  context.textAlign = 'left';
}

/** An axis's name, in its own direction of writing, and from where to where it goes. @returns {string} */
function range(name, from, to, most) {
  const [first, last] = apart(from, to, 2);
  const text = (/** @type {string} */ short) => `\u2068${short}\u2069: ${first} to ${last}`;
  const rest = fitted(text(''), most, AXES_FONT).width;
  return text(fitted(name, Math.max(20, most - rest), AXES_FONT).text);
}

/** @returns {number | null}  the row of the nearest point */
function nearest({ meta, places }, x, y, within) {
  let [best, found] = [within ** 2, null];
  places.forEach(([px, py], place) => {
    const distance = (px - x) ** 2 + (py - y) ** 2;
    if (distance <= best) [best, found] = [distance, meta.points.shown[place]];
  });
  return found;
}

/** The nearest point in an arrow key's direction. @returns {number | null} */
function neighbour({ meta, places, point, width, height }, key) {
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[key];
  if (!way) return null;
  const here = meta.points.shown.indexOf(point);
  if (here < 0) return nearest({ meta, places }, width / 2, height / 2, Infinity);
  let [best, found] = [Infinity, null];
  places.forEach(([x, y], place) => {
    const [dx, dy] = [x - places[here][0], y - places[here][1]];
    const along = dx * way[0] + dy * way[1];
    const aside = Math.abs(dx * way[1]) + Math.abs(dy * way[0]);
    if (place !== here && along > 0 && along + 2 * aside < best) {
      [best, found] = [along + 2 * aside, meta.points.shown[place]];
    }
  });
  return found ?? point;
}
