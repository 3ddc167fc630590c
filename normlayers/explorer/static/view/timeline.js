/**
 * One slider over all observations, drawn on the runs' loss, validation loss and linearity.
 * @module
 */

import { element, replace, set, sharp, write } from './dom.js';
import { runColour, themed } from './palette.js';
import { diverged } from './snapshot.js';
import { apart, number } from './words.js';

const CURVES = [
  { words: 'loss', tag: 'epoch_loss', dashes: [], own: false },
  { words: 'validation loss', tag: 'epoch_val_loss', dashes: [6, 4], own: false },
  { words: 'linearity (0 to 1)', tag: 'linearity', dashes: [2, 3], own: true },
];
const HEIGHT = 104;
const EDGE = 8;

/**
 * @param {{move: (index: number) => void, play: () => void}} act
 */
export function makeTimeline(act) {
  const canvas = element('canvas', { 'aria-hidden': 'true' });
  const slider = element('input', {
    type: 'range', min: 0, max: 0, step: 1, value: 0, 'aria-label': 'observation',
    input: () => act.move(+slider.value),
  });
  const play = element('button', { type: 'button', class: 'play', 'aria-label': 'play', click: act.play }, '▶');
  const now = element('output', { class: 'now' });
  const values = element('span', { class: 'values' });
  const legend = element('div', { class: 'legend' });
  const chart = element('div', { class: 'chart' }, canvas, slider);
  const node = element('section', { class: 'timeline', 'aria-label': 'training' },
    element('div', { class: 'bar' }, play, now, values, legend), chart);
  let drawn = '';
  /** @type {any[]} */
  let drawnOf = [];

  /**
   * @param {{steps: number[], place: number, playing: boolean, recordings: any[]}} moment
   */
  function update({ steps, place, playing, recordings }) {
    set(slider, 'max', Math.max(0, steps.length - 1));
    if (+slider.value !== place) slider.value = String(place);
    const units = [...new Set(recordings.map(({ meta }) => meta.unit || 'step'))];
    const unit = units.join(' or ') || 'step';
    write(now, steps.length ? `${unit} ${steps[place]}` : 'nothing recorded');
    now.title = `observation ${place + 1} of ${steps.length}`;
    set(slider, 'aria-valuetext', `${unit} ${steps[place]}, observation ${place + 1} of ${steps.length}`);
    write(play, playing ? '❚❚' : '▶');
    set(play, 'aria-label', playing ? 'pause' : 'play');
    const width = chart.clientWidth;
    const key = [width, themed('ink'), steps.length, window.devicePixelRatio].join();
    const metas = recordings.map((recording) => recording.meta);
    const same = metas.length === drawnOf.length && metas.every((meta, i) => meta === drawnOf[i]);
    if (recordings.length === 1) write(values, currentValues(recordings[0], steps[place]));
    else write(values, units.length > 1 ? 'these runs count differently, on one slider' : '');
    if ((same && key === drawn) || !width) return;
    [drawn, drawnOf] = [key, metas];
    draw(sharp(canvas, width, HEIGHT), width, steps, recordings);
    replace(legend, entries(recordings));
  }
  return { node, update };
}

/** @param {any} meta @param {{tag: string}} curve @returns {[number, number][]} */
function pairs(meta, { tag }) {
  return (meta.scalars?.[tag] || []).filter(([, value]) => Number.isFinite(value));
}

/** @param {any} recording @param {number} step */
function currentValues(recording, step) {
  const digest = recording.digests[recording.indexAt(step)];
  const broken = Object.values(digest?.shares || {}).some(diverged);
  return CURVES.map(({ tag, words, own }) => {
    const before = (recording.meta.scalars?.[tag] || []).findLast(([at]) => at <= step);
    if (!before) return '';
    // What linearity was before is not what it is.
    const value = own && broken ? NaN : before[1];
    return `${words.replace(' (0 to 1)', '')} ${Number.isFinite(value) ? number(value) : 'NaN or infinite'}`;
  }).filter(Boolean).join(' · ');
}

/** @param {any[]} recordings */
function entries(recordings) {
  const found = CURVES.filter((curve) => recordings.some(({ meta }) => pairs(meta, curve).length));
  const styles = ['solid', 'dashed', 'dotted'];
  const lines = found.map((curve) => {
    const key = element('i', { class: 'key' });
    key.style.borderTopStyle = styles[CURVES.indexOf(curve)];
    return element('span', {}, key, curve.words);
  });
  if (recordings.length && !found.length) {
    return [element('span', {}, 'no loss was recorded: the slider still works')];
  }
  return lines;
}

/** Where a step stands among the observations, also between two. */
function placeOf(/** @type {number[]} */ steps, /** @type {number} */ step) {
  if (step <= steps[0]) return 0;
  let [low, high] = [0, steps.length - 1];
  if (step >= steps[high]) return high;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (steps[middle] <= step) low = middle;
    else high = middle;
  }
  return low + (step - steps[low]) / (steps[high] - steps[low]);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} width
 * @param {number[]} steps
 * @param {any[]} recordings
 */
function draw(context, width, steps, recordings) {
  const bottom = HEIGHT - 18;
  const last = Math.max(1, steps.length - 1);
  const x = (/** @type {number} */ step) => EDGE + ((width - 2 * EDGE) * placeOf(steps, step)) / last;
  context.strokeStyle = themed('rule');
  context.strokeRect(0.5, 0.5, width - 1, bottom);
  context.fillStyle = themed('soft');
  context.font = '11px system-ui, sans-serif';
  ticks(context, width, steps);
  const losses = recordings.flatMap(({ meta }) =>
    CURVES.filter((curve) => !curve.own).flatMap((curve) => pairs(meta, curve).map(([, value]) => value)));
  let [low, high] = [Infinity, -Infinity];
  for (const value of losses) [low, high] = [Math.min(low, value), Math.max(high, value)];
  recordings.forEach(({ meta }, place) => {
    for (const curve of CURVES) {
      const [from, to] = curve.own ? [0, 1] : [low, high];
      const y = (/** @type {number} */ value) => bottom - 5 - ((bottom - 10) * (value - from)) / (to - from || 1);
      context.beginPath();
      const known = pairs(meta, curve);
      for (const [step, value] of known) context.lineTo(x(step), y(value));
      // A line of one point alone would not be seen.
      if (known.length === 1) context.arc(x(known[0][0]), y(known[0][1]), 2, 0, 2 * Math.PI);
      context.setLineDash(curve.dashes);
      context.lineWidth = curve.own ? 1.2 : 1.8;
      context.strokeStyle = recordings.length > 1 ? runColour(place) : themed(curve.own ? 'accent' : 'ink');
      context.stroke();
    }
  });
  context.setLineDash([]);
  if (losses.length) {
    context.fillStyle = themed('soft');
    context.strokeStyle = themed('paper');
    context.lineWidth = 4;
    // A loss that stays the same is drawn at the bottom, where its only label is.
    const [above, below] = apart(high, low);
    for (const [text, at] of [...(high > low ? [[above, 13]] : []), [below, bottom - 5]]) {
      context.strokeText(text, 4, at);
      context.fillText(text, 4, at);
    }
  }
}

/** @param {CanvasRenderingContext2D} context @param {number} width @param {number[]} steps */
function ticks(context, width, steps) {
  const last = steps.length - 1;
  const least = last / Math.max(1, Math.floor(width / 80));
  // A round number of observations apart: 1, 2 or 5 times a power of ten.
  const power = 10 ** Math.floor(Math.log10(Math.max(least, 1)));
  const apart = [1, 2, 5, 10].map((times) => times * power).find((stride) => stride >= least) || 1;
  for (let place = 0; place <= last; place += apart) {
    if (place && place !== last && last - place < apart * 0.6) continue;
    const at = EDGE + ((width - 2 * EDGE) * place) / Math.max(1, last);
    context.textAlign = place === 0 ? 'left' : place === last ? 'right' : 'center';
    context.fillText(String(steps[place]), at + (place === 0 ? -EDGE : place === last ? EDGE : 0), HEIGHT - 4);
  }
  if (last % apart) {
    context.textAlign = 'right';
    context.fillText(String(steps[last]), width, HEIGHT - 4);
  }
  context.textAlign = 'left';
}
