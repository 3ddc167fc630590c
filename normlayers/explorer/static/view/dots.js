/**
 * Points as marks by class: filled where the chosen neuron is lit by them, hollow where not.
 * @module
 */

import { classColour, classCount, lighter, themed } from './palette.js';

/**
 * @param {CanvasRenderingContext2D} context
 * @param {any} moment
 * @param {{places: number[][]}} seen  where the points are, in pixels
 * @param {any} neuron  hovered over or chosen
 */
export function drawPoints(context, { meta, snapshot, choice }, { places }, neuron) {
  const layer = neuron && meta.layers.find(({ name }) => name === neuron.layer);
  const column = layer ? layer.shown.indexOf(neuron.index) : -1;
  const active = column >= 0 && snapshot ? snapshot.active(layer.name) : null;
  const { labels, shown } = meta.points;
  const count = classCount(meta);
  const radius = places.length > 800 ? 2.5 : places.length > 200 ? 3.5 : 4.5;
  const groups = new Map();
  places.forEach((at, place) => {
    if (!Number.isFinite(at[0]) || !Number.isFinite(at[1])) return;
    const lit = active ? active(place, column) : true;
    const key = `${labels ? labels[place] : -1} ${lit ? 1 : 0}`;
    if (!groups.has(key)) groups.set(key, []);
    groups.get(key).push(at);
  });
  for (const [key, members] of groups) {
    const [classed, lit] = key.split(' ').map(Number);
    context.beginPath();
    for (const [x, y] of members) mark(context, x, y, radius, classed);
    const colour = classed < 0 ? themed('soft') : classColour(classed, count);
    // Lit points are filled, the others hollow.
    context.fillStyle = lit ? colour : themed('paper');
    context.fill();
    context.lineWidth = active && lit ? 1.8 : lit ? 0.8 : 1.3;
    context.strokeStyle = !lit ? rimColour(classed, count, colour) : active ? themed('ink') : themed('rim');
    context.stroke();
  }
  const place = choice.point === null ? -1 : shown.indexOf(choice.point);
  if (place < 0) return;
  for (const [width, colour, size] of [[5, 'paper', 7], [2.5, 'ink', 7]]) {
    context.beginPath();
    context.arc(places[place][0], places[place][1], radius + size - 2, 0, 2 * Math.PI);
    context.lineWidth = width;
    context.strokeStyle = themed(colour);
    context.stroke();
  }
}

/** A hollow point's colour, bright enough in the dark. */
function rimColour(classed, count, colour) {
  if (classed < 0) return colour;
  if (count <= 2) return themed(classed === 1 ? 'green' : 'blue');
  return document.documentElement.dataset.theme === 'dark' ? lighter(colour) : colour;
}

/** Classes differ in shape too: disc, square, diamond, triangle; a disc without a class. @param {number} classed */
export const markOf = (classed) => (classed < 0 ? 0 : classed % 4);

function mark(context, x, y, radius, classed) {
  const kind = markOf(classed);
  if (kind === 0) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  } else if (kind === 1) {
    context.rect(x - radius * 0.9, y - radius * 0.9, radius * 1.8, radius * 1.8);
  } else {
    const corners = kind === 2 ? [[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]] : [[0, -1.3], [1.2, 0.9], [-1.2, 0.9]];
    corners.forEach(([dx, dy], i) => context[i ? 'lineTo' : 'moveTo'](x + dx * radius, y + dy * radius));
    context.closePath();
  }
}
