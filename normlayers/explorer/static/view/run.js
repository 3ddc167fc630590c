/**
 * One run's column: its space, network, layers and details, at one observation.
 * @module
 */

import { makeCells } from './cells.js';
import { makeDetail } from './detail.js';
import { element, set, write } from './dom.js';
import { makeLayers } from './layers.js';
import { isSmall, makeNetwork } from './network.js';
import { runColour } from './palette.js';
import { makePlane } from './plane.js';

/**
 * @param {import('./recording.js').Recording} recording
 * @param {any} act
 */
export function makeRun(recording, act) {
  const { meta } = recording;
  const small = isSmall(meta);
  const parts = [makePlane(act), small ? makeNetwork(meta, act) : makeCells(meta, act), makeLayers(meta), makeDetail(act)];
  const key = element('i', { class: 'run-key' });
  const at = element('span', { class: 'at' });
  const said = element('p', { class: 'warning', role: 'status', hidden: true });
  const node = element('article', { class: 'run', 'aria-label': `run ${meta.run}` },
    element('header', {}, key, element('h2', { title: meta.run }, meta.run), at), said,
    element('div', { class: 'parts' }, ...parts.map((part) => part.node)));

  /**
   * @param {number} step  the slider's
   * @param {any} choice
   * @param {any} hover
   * @param {number} place  among the runs shown
   * @param {boolean} alone
   */
  function update(step, choice, hover, place, alone) {
    // As it is now: findings and curves come while the view is open.
    const { meta } = recording;
    const index = recording.indexAt(step);
    const snapshot = index >= 0 ? recording.get(index) : null;
    const problem = recording.problems.get(index);
    key.style.background = alone ? 'transparent' : runColour(place);
    key.hidden = alone;
    write(at, index >= 0 ? `${meta.unit || 'step'} ${recording.steps[index]}` : '');
    const known = meta.layers.map((/** @type {any} */ layer) => layer.name);
    const others = snapshot?.layers().filter((/** @type {string} */ name) => !known.includes(name)) || [];
    const warning = !recording.steps.length ? 'This run has no observations yet.'
      : index < 0 ? `Its first observation is at ${meta.unit || 'step'} ${recording.steps[0]}.`
        : problem ? `The observation at ${meta.unit || 'step'} ${recording.steps[index]} cannot be shown: ${problem}.`
          : others.length ? `At this observation the model had other layers (${others.join(', ')}): what is shown is of those it has at the end.` : '';
    said.hidden = !warning;
    write(said, warning);
    // Until it is here the last one shown stays: nothing flickers.
    const waiting = index >= 0 && !snapshot && !problem;
    set(node, 'aria-busy', waiting);
    if (waiting && node.dataset.step !== undefined) return;
    const moment = { recording, meta, snapshot, digest: recording.digests[index], index, step, choice, hover };
    for (const part of parts) part.update(moment);
    if (!waiting) node.dataset.step = index >= 0 ? String(recording.steps[index]) : '';
  }
  return { node, update, recording };
}
