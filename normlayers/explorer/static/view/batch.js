/**
 * Many observations of one answer: see normlayers/explorer/batch.py.
 * @module
 */

import { Snapshot, digest, parseJson } from './snapshot.js';

/**
 * @typedef {{index: number, buffer?: ArrayBuffer, digest?: import('./snapshot.js').Digest,
 *   problem?: string}} Found
 */

/**
 * @param {{address: string, run: string, indices: number[], layers: {name: string}[]}} asked
 * @returns {Promise<Found[]>}
 */
export async function readMany({ address, run, indices, layers }) {
  const path = `snapshots?run=${encodeURIComponent(run)}&indices=${indices.join(',')}`;
  const response = await fetch(new URL(path, address));
  if (!response.ok) throw new Error((await response.text()).slice(0, 300) || response.statusText);
  const buffer = await response.arrayBuffer();
  const start = 4 + new DataView(buffer).getUint32(0, true);
  const header = parseJson(new TextDecoder().decode(new Uint8Array(buffer, 4, start - 4)));
  const found = [];
  for (const { index, problem, offset, length } of header) {
    if (problem !== undefined) found.push({ index, problem });
    else found.push(await inflated(index, new Uint8Array(buffer, start + offset, length), layers));
  }
  return found;
}

/** @param {number} index @param {Uint8Array} bytes @param {{name: string}[]} layers @returns {Promise<Found>} */
async function inflated(index, bytes, layers) {
  try {
    return readOne(index, await inflate(bytes), layers);
  } catch {
    return { index, problem: 'its record is damaged' };
  }
}

/**
 * By reader and writer: streams piped into each other take four times as long.
 * @param {Uint8Array} bytes
 * @returns {Promise<ArrayBuffer>}
 */
export async function inflate(bytes) {
  const { readable, writable } = new DecompressionStream('deflate');
  const [writer, reader] = [writable.getWriter(), readable.getReader()];
  const written = writer.write(bytes).then(() => writer.close());
  // The reader's error is the one that is said.
  written.catch(() => {});
  const parts = [];
  for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) parts.push(value);
  const whole = new Uint8Array(parts.reduce((length, part) => length + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole.buffer;
}

/** @param {number} index @param {ArrayBuffer} buffer @param {{name: string}[]} layers @returns {Found} */
export function readOne(index, buffer, layers) {
  try {
    return { index, buffer, digest: digest(new Snapshot(buffer), layers) };
  } catch (error) {
    return { index, problem: error instanceof Error ? error.message : String(error) };
  }
}
