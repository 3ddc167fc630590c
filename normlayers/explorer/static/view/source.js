/**
 * Where runs come from: the page itself, or the routes of TensorBoard's plugin.
 * @module
 */

import { parseJson } from './snapshot.js';

/**
 * @typedef {{runs: string[], others: string[], opened?: string[]}} Listing
 * @typedef {{live: boolean, list: () => Promise<Listing>, meta: (run: string) => Promise<any>,
 *   snapshot: (run: string, index: number) => Promise<ArrayBuffer>}} Source
 */

/**
 * @param {string} address  of index.js
 * @returns {Source}
 */
export function openSource(address) {
  const inline = document.getElementById('normlayers-data');
  return inline ? heldSource(parseJson(inline.textContent)) : servedSource(address);
}

/** @param {{runs: any[], others?: string[], opened?: string[], snapshots: Object<string, string[]>}} data @returns {Source} */
function heldSource(data) {
  const metas = new Map(data.runs.map((meta) => [meta.run, meta]));
  return {
    live: false,
    list: async () => ({ runs: [...metas.keys()], others: data.others || [], opened: data.opened }),
    meta: async (run) => metas.get(run),
    snapshot: async (run, index) => {
      const text = atob(data.snapshots[run][index]);
      const bytes = new Uint8Array(text.length);
      for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
      return bytes.buffer;
    },
  };
}

/** @param {string} address @returns {Source} */
function servedSource(address) {
  const fetched = async (/** @type {string} */ path) => {
    const response = await fetch(new URL(`../${path}`, address));
    if (!response.ok) throw new Error((await response.text()).slice(0, 300) || response.statusText);
    return response;
  };
  const json = async (/** @type {string} */ path) => parseJson(await (await fetched(path)).text());
  return {
    live: true,
    list: () => json('runs'),
    meta: (run) => json(`meta?run=${encodeURIComponent(run)}`),
    snapshot: async (run, index) => {
      const response = await fetched(`snapshot?run=${encodeURIComponent(run)}&index=${index}`);
      return response.arrayBuffer();
    },
  };
}
