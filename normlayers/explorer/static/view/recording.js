/**
 * One run's observations: those wanted now come first, the others fill in behind.
 * @module
 */

import { Snapshot, digest } from './snapshot.js';

const MOST_BYTES = 160e6;
const AT_ONCE = 3;
// Milliseconds for which filling rests after the reader wanted something that was not here.
const REST = 250;

export class Recording {
  /**
   * @param {import('./source.js').Source} source
   * @param {any} meta
   * @param {(index: number) => void} changed  called with what came, or could not come
   */
  constructor(source, meta, changed) {
    this.source = source;
    this.meta = meta;
    this.changed = changed;
    /** @type {Map<number, Snapshot>} */
    this.held = new Map();
    this.bytes = 0;
    /** @type {(import('./snapshot.js').Digest | undefined)[]} */
    this.digests = [];
    /** Counts the digests, so that courses know when they are out of date. */
    this.version = 0;
    /** @type {Map<number, string>} */
    this.problems = new Map();
    /** @type {Set<number>} */
    this.loading = new Set();
    this.closed = false;
    this.restUntil = 0;
  }

  /** @returns {number[]} */
  get steps() {
    return this.meta.steps;
  }

  /** The last observation at a step or before, -1 before the first. @param {number} step */
  indexAt(step) {
    let [low, high] = [0, this.steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.steps[middle] <= step) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  /** A snapshot if it is here; if not it is asked for. @param {number} index */
  get(index) {
    const snapshot = this.held.get(index);
    if (!snapshot) {
      this.restUntil = performance.now() + REST;
      this.load(index);
      return null;
    }
    // Asked for last is dropped last.
    this.held.delete(index);
    this.held.set(index, snapshot);
    return snapshot;
  }

  /** @param {number} index */
  async load(index) {
    if (index < 0 || index >= this.steps.length) return;
    if (this.loading.has(index) || this.problems.has(index)) return;
    this.loading.add(index);
    try {
      this.keep(index, new Snapshot(await this.source.snapshot(this.meta.run, index)));
    } catch (error) {
      this.problems.set(index, error instanceof Error ? error.message : String(error));
    }
    this.loading.delete(index);
    if (!this.closed) this.changed(index);
  }

  /** @param {number} index @param {Snapshot} snapshot */
  keep(index, snapshot) {
    this.held.set(index, snapshot);
    this.bytes += snapshot.buffer.byteLength;
    for (const [oldest, dropped] of this.held) {
      if (this.bytes <= MOST_BYTES || oldest === index) break;
      this.held.delete(oldest);
      this.bytes -= dropped.buffer.byteLength;
    }
    if (!this.digests[index]) {
      this.digests[index] = digest(snapshot, this.meta.layers);
      this.version += 1;
    }
  }

  rest() {
    return this.restUntil - performance.now();
  }

  /** Read every observation once, from coarse to fine, so that courses are whole early. */
  async fill() {
    const order = coarseToFine(this.steps.length);
    const work = async () => {
      for (let next = order.shift(); next !== undefined && !this.closed; next = order.shift()) {
        for (let rest = this.rest(); rest > 0; rest = this.rest()) {
          await new Promise((resolve) => setTimeout(resolve, rest));
        }
        if (!this.digests[next]) await this.load(next);
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, work));
  }

  /**
   * Take a newer meta of the same run. What is held stays where its steps are the same.
   * @param {any} meta
   * @returns {boolean}  whether anything is new
   */
  renew(meta) {
    if (JSON.stringify(meta) === JSON.stringify(this.meta)) return false;
    const same =
      this.steps.every((step, index) => meta.steps[index] === step) &&
      JSON.stringify(meta.layers) === JSON.stringify(this.meta.layers);
    if (!same) {
      this.held.clear();
      this.bytes = 0;
      this.digests = [];
    }
    this.problems.clear();
    this.version += 1;
    this.meta = meta;
    this.fill();
    return true;
  }
}

/** @param {number} count @returns {number[]} */
export function coarseToFine(count) {
  const order = [];
  const seen = new Set();
  for (let stride = 2 ** Math.ceil(Math.log2(Math.max(count, 1))); stride >= 1; stride /= 2) {
    for (let index = 0; index < count; index += stride) {
      if (!seen.has(index)) order.push(index);
      seen.add(index);
    }
  }
  return order;
}
