/**
 * What the reader has chosen, in the address so that a link restores it.
 * @module
 */

/**
 * @typedef {{layer: string, index: number}} Neuron
 * @typedef {{runs: string[], step: number | null, point: number | null, neuron: Neuron | null,
 *   sort: string, filter: string}} Choice
 */

export const SORTS = ['number', 'share', 'state'];
export const FILTERS = ['all', 'dead', 'always on', 'selective', 'duplicate'];
export const MOST_RUNS = 4;

/** The window whose address a reader sees: TensorBoard's, where the view is its tab. */
function visibleWindow() {
  try {
    if (window.parent !== window && window.parent.document.querySelector('tb-webapp')) {
      return window.parent;
    }
  } catch {
    // A frame of another origin has an address of its own.
  }
  return window;
}

/** TensorBoard is dark or light by a class of its body. @returns {HTMLElement | null} */
export function tensorBoardBody() {
  const seen = visibleWindow();
  return seen === window ? null : seen.document.body;
}

/** @returns {string[]} */
function parts() {
  return visibleWindow().location.hash.replace(/^#/, '').split('&').filter(Boolean);
}

/** @returns {Choice} */
export function readChoice() {
  /** @type {Choice} */
  const choice = { runs: [], step: null, point: null, neuron: null, sort: 'number', filter: 'all' };
  for (const part of parts()) {
    const [name, ...rest] = part.split('=');
    const value = decoded(rest.join('='));
    if (name === 'run' && choice.runs.length < MOST_RUNS && !choice.runs.includes(value)) choice.runs.push(value);
    if (name === 'step' && value !== '' && Number.isFinite(+value)) choice.step = +value;
    if (name === 'point' && /^\d+$/.test(value)) choice.point = +value;
    if (name === 'neuron' && /:[1-9]\d*$/.test(value)) {
      const colon = value.lastIndexOf(':');
      choice.neuron = { layer: value.slice(0, colon), index: +value.slice(colon + 1) - 1 };
    }
    if (name === 'sort' && SORTS.includes(value)) choice.sort = value;
    if (name === 'filter' && FILTERS.includes(value)) choice.filter = value;
  }
  return choice;
}

/** @param {string} text */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** @param {Choice} choice */
export function writeChoice(choice) {
  const entries = choice.runs.map((run) => ['run', run]);
  if (choice.step !== null) entries.push(['step', String(choice.step)]);
  if (choice.point !== null) entries.push(['point', String(choice.point)]);
  if (choice.neuron) entries.push(['neuron', `${choice.neuron.layer}:${choice.neuron.index + 1}`]);
  if (choice.sort !== 'number') entries.push(['sort', choice.sort]);
  if (choice.filter !== 'all') entries.push(['filter', choice.filter]);
  // TensorBoard keeps the tab's name in its hash.
  const kept = parts().filter((part) => !part.includes('='));
  try {
    const hash = [...kept, ...entries.map(([name, value]) => `${name}=${encodeURIComponent(value)}`)].join('&');
    const seen = visibleWindow();
    if (seen.location.hash !== `#${hash}`) seen.history.replaceState(seen.history.state, '', `#${hash}`);
  } catch {
    // A notebook's frame may have no address to write, and a name on disk may be no text.
  }
}

/** @param {() => void} listener */
export function onAddressChange(listener) {
  visibleWindow().addEventListener('hashchange', listener);
}
