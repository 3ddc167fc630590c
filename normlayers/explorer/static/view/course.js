/**
 * Small curves over all observations, with a mark at the one shown.
 * @module
 */

import { element, sharp } from './dom.js';
import { themed } from './palette.js';

/**
 * @param {string} words  what it shows
 * @param {number} height
 */
export function makeCourse(words, height) {
  const canvas = element('canvas', { role: 'img', 'aria-label': words });
  const cursor = element('i', { class: 'cursor' });
  const node = element('div', { class: 'course', title: words }, canvas, cursor);
  let drawn = '';
  let when = 0;

  /**
   * @param {any} recording
   * @param {number} index
   * @param {string} key  what, besides the recording's state, the curves hang on
   * @param {{colour: string, at: (digest: any) => number | undefined}[]} curves  between 0 and 1
   */
  function update(recording, index, key, curves) {
    const now = performance.now();
    const last = Math.max(1, recording.steps.length - 1);
    const whole = recording.version >= recording.steps.length;
    const next = `${recording.version} ${key} ${themed('ink')}`;
    if (next !== drawn && (whole || now - when > 400 || !drawn.includes(` ${key} `))) {
      const width = node.clientWidth;
      if (!width) return;
      [drawn, when] = [next, now];
      const context = sharp(canvas, width, height);
      context.strokeStyle = themed('rule');
      context.strokeRect(0.5, 0.5, width - 1, height - 1);
      for (const { colour, at } of curves) {
        context.beginPath();
        recording.digests.forEach((/** @type {any} */ digest, /** @type {number} */ place) => {
          const value = at(digest);
          if (!Number.isFinite(value)) return;
          const [x, y] = [1 + ((width - 2) * place) / last, height - 2 - (height - 4) * value];
          context.lineTo(x, y);
          if (recording.steps.length === 1) context.arc(x + 2, y, 1.5, 0, 7);
        });
        context.strokeStyle = colour;
        context.lineWidth = 1.6;
        context.stroke();
      }
    }
    // In parts of the width, which may change while the curves stay the same.
    const part = Math.max(0, index) / last;
    cursor.style.left = `calc(${100 * part}% - ${2 * part}px)`;
  }
  return { node, update };
}
