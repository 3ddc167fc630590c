/**
 * Reads observations in a thread of its own.
 * @module
 */

import { readMany } from './batch.js';

self.onmessage = async ({ data: { id, ...asked } }) => {
  try {
    const found = await readMany(asked);
    const buffers = found.flatMap((one) => (one.buffer ? [one.buffer] : []));
    self.postMessage({ id, found }, { transfer: buffers });
  } catch (error) {
    self.postMessage({ id, problem: error instanceof Error ? error.message : String(error) });
  }
};
