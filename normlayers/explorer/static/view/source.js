/**
 * Where runs come from: the page itself, or the routes of TensorBoard's plugin.
 * @module
 */

import { inflate, readMany, readOne } from './batch.js';
import { parseJson } from './snapshot.js';

/**
 * @typedef {{runs: string[], others: string[], opened?: string[]}} Listing
 * @typedef {{live: boolean, list: () => Promise<Listing>, meta: (run: string) => Promise<any>,
 *   snapshot: (run: string, index: number) => Promise<ArrayBuffer>, atOnce: number,
 *   many: (run: string, indices: number[], layers: any[]) => Promise<import('./batch.js').Found[]>}} Source
 *   snapshot is answered soonest, many with least work: atOnce of them are asked for
 */

/**
 * @param {string} address  of index.js
 * @returns {Source}
 */
export function openSource(address) {
  const inline = document.getElementById('normlayers-data');
  return inline ? heldSource(parseJson(inline.textContent)) : servedSource(address);
}

/**
 * Snapshots are in elements of their own, one a run: no text may be as long as all of them.
 * @param {{runs: any[], others?: string[], opened?: string[]}} data
 * @returns {Source}
 */
function heldSource(data) {
  const metas = new Map(data.runs.map((meta) => [meta.run, meta]));
  const held = document.querySelectorAll('.normlayers-snapshots');
  /** @type {Map<string, string[]>} */
  const texts = new Map();
  const textsOf = (/** @type {string} */ run) => {
    const place = data.runs.findIndex((meta) => meta.run === run);
    if (!texts.has(run)) texts.set(run, held[place].textContent.trim().split(/\s+/));
    return texts.get(run);
  };
  /** @type {Source} */
  const source = {
    live: false,
    // Each is made from text, which takes a while.
    atOnce: 1,
    list: async () => ({ runs: [...metas.keys()], others: data.others || [], opened: data.opened }),
    meta: async (run) => metas.get(run),
    snapshot: async (run, index) => {
      const text = atob(textsOf(run)[index]);
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return inflate(bytes);
    },
    many: (run, indices, layers) => Promise.all(indices.map(async (index) =>
      readOne(index, await source.snapshot(run, index), layers))),
  };
  return source;
}

/** @param {string} address @returns {Source} */
function servedSource(address) {
  const fetched = async (/** @type {string} */ path) => {
    const response = await fetch(new URL(`../${path}`, address));
    if (!response.ok) throw new Error((await response.text()).slice(0, 300) || response.statusText);
    return response;
  };
  const json = async (/** @type {string} */ path) => parseJson(await (await fetched(path)).text());
  const behind = startWorker();
  return {
    live: true,
    list: () => json('runs'),
    meta: (run) => json(`meta?run=${encodeURIComponent(run)}`),
    snapshot: async (run, index) => {
      const response = await fetched(`snapshot?run=${encodeURIComponent(run)}&index=${index}`);
      return response.arrayBuffer();
    },
    atOnce: 32,
    many: (run, indices, layers) => behind({ address: new URL('..', address).href, run, indices, layers }),
  };
}

/** Reads many in a thread of their own, so that it holds up nothing; in this one where there is none. */
function startWorker() {
  /** @type {Map<number, {answer: (found: any) => void, asked: any}>} */
  const waiting = new Map();
  /** @type {Worker | null} */
  let worker = null;
  let asked = 0;
  try {
    worker = new Worker(new URL('worker.js', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data: { id, found, problem } }) => {
      waiting.get(id)?.answer(problem === undefined ? found : Promise.reject(new Error(problem)));
      waiting.delete(id);
    };
    worker.onerror = () => {
      worker = null;
      for (const { answer, asked: message } of waiting.values()) answer(readMany(message));
      waiting.clear();
    };
  } catch {
    worker = null;
  }
  return (/** @type {any} */ message) => worker ? new Promise((answer) => {
    waiting.set(asked += 1, { answer, asked: message });
    worker.postMessage({ id: asked, ...message });
  }) : readMany(message);
}
