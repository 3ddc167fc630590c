/**
 * One run's observations: those wanted now come first, the others fill in behind.
 * @module
 */

import { readOne } from './batch.js';
import { Snapshot } from './snapshot.js';

const MOST_BYTES = 160e6;
// Answers that are waited for: the next one is made while one is read.
const ANSWERS = 2;
// Observations that are read ahead of a slider that is dragged.
const AHEAD = 12;
// Milliseconds, after no answer; what nobody looks at is asked for less often each time.
const ASKED_AGAIN_AFTER = 5000;
const LONGEST_PAUSE = 60000;

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
    /** @type {Snapshot | null}  made of the buffer that was asked for last */
    this.last = null;
    /** @type {Map<number, ArrayBuffer>} */
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
    /** The last observation that was waited for, and how far from the one before. */
    this.missing = -1;
    this.stride = 1;
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
    const buffer = this.held.get(index);
    if (!buffer) {
      this.missed(index);
      this.load(index);
      return null;
    }
    // Asked for last is dropped last.
    this.held.delete(index);
    this.held.set(index, buffer);
    if (this.last?.buffer !== buffer) this.last = new Snapshot(buffer);
    return this.last;
  }

  /** Ask for one that is waited for, though it may be on its way among many. @param {number} index */
  async load(index) {
    if (index < 0 || index >= this.steps.length) return;
    if (this.loading.has(index) || this.problems.has(index)) return;
    await this.ask(index);
  }

  /** @param {number} index */
  async ask(index) {
    this.loading.add(index);
    const { meta } = this;
    try {
      const buffer = await this.source.snapshot(meta.run, index);
      this.take(readOne(index, buffer, meta.layers), meta);
    } catch (error) {
      this.take({ index, problem: error instanceof Error ? error.message : String(error) }, meta);
      // What does not answer now may answer later; what is said stays until then.
      if (this.source.live) setTimeout(() => this.problems.has(index) && !this.closed && this.ask(index), ASKED_AGAIN_AFTER);
    }
    this.loading.delete(index);
  }

  /** @param {import('./batch.js').Found} found @param {any} meta  as it was when it was asked for */
  take({ index, buffer, digest, problem }, meta) {
    if (this.held.has(index) || !this.continues(meta)) return;
    if (buffer) {
      // What had failed may come among many.
      this.problems.delete(index);
      this.keep(index, buffer);
    } else this.problems.set(index, problem);
    if (digest && !this.digests[index]) {
      this.digests[index] = digest;
      this.version += 1;
    }
    if (!this.closed) this.changed(index);
  }

  /** @param {number} index @param {ArrayBuffer} buffer */
  keep(index, buffer) {
    this.held.set(index, buffer);
    this.bytes += buffer.byteLength;
    for (const [oldest, dropped] of this.held) {
      if (this.bytes <= MOST_BYTES || oldest === index) break;
      this.held.delete(oldest);
      this.bytes -= dropped.byteLength;
    }
  }

  /** Read every observation once: where the slider is going, else from coarse to fine. */
  async fill() {
    const order = coarseToFine(this.steps.length);
    /** @type {Set<number>} */
    const asked = new Set();
    const wanted = (/** @type {number} */ index) => !asked.has(index) && !this.digests[index] && !this.problems.has(index);
    const work = async () => {
      let wait = 1000;
      while (order.length && !this.closed) {
        const next = this.ahead().filter(wanted);
        const most = next.length ? AHEAD : this.source.atOnce;
        while (order.length && next.length < most) {
          const index = /** @type {number} */ (order.shift());
          if (wanted(index)) next.push(index);
        }
        if (!next.length) continue;
        for (const index of next) asked.add(index);
        const { meta } = this;
        try {
          for (const found of await this.source.many(meta.run, next, meta.layers)) this.take(found, meta);
        } catch {
          // Why is said of what the reader looks at, when that is asked for on its own.
          await pause(wait);
          wait = Math.min(2 * wait, LONGEST_PAUSE);
          for (const index of next) asked.delete(index);
          order.push(...next);
        }
        await pause(0);
      }
    };
    await Promise.all(Array.from({ length: ANSWERS }, work));
  }

  /** @param {number} index  what the reader waits for */
  missed(index) {
    if (index === this.missing || index < 0) return;
    const by = index - this.missing;
    // A jump says nothing of where the next one goes.
    this.stride = this.missing >= 0 && Math.abs(by) <= this.steps.length / 20 ? by : 1;
    this.missing = index;
  }

  /** What a slider that is dragged comes to next. @returns {number[]} */
  ahead() {
    if (this.missing < 0) return [];
    return Array.from({ length: AHEAD }, (_, i) => this.missing + (i + 1) * this.stride)
      .filter((index) => index >= 0 && index < this.steps.length);
  }

  /**
   * Take a newer meta of a run of this name. What is held stays where it is of the same observations.
   * @param {any} meta
   * @returns {boolean}  whether anything is new
   */
  renew(meta) {
    if (JSON.stringify(meta) === JSON.stringify(this.meta)) return false;
    const before = this.meta;
    this.meta = meta;
    if (!this.continues(before)) {
      this.held.clear();
      this.bytes = 0;
      this.digests = [];
    }
    this.problems.clear();
    this.version += 1;
    this.fill();
    return true;
  }

  /**
   * Whether this is the run that an earlier meta describes, and not another of its name.
   * @param {any} before
   */
  continues(before) {
    const { steps, times, layers } = this.meta;
    return before === this.meta || (
      before.steps.every((/** @type {number} */ step, /** @type {number} */ index) =>
        steps[index] === step && times?.[index] === before.times?.[index]) &&
      JSON.stringify(layers) === JSON.stringify(before.layers));
  }
}

/** @param {number} milliseconds */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

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
