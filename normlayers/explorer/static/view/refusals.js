/**
 * Runs that could not be read: why, and when they are asked for again.
 * @module
 */

// Unless the reader asks before.
const ASKED_AGAIN_AFTER = 60000;
const MOST_SAID = 5;

export class Refusals {
  constructor() {
    /** @type {Map<string, {until: number, why: string}>} */
    this.runs = new Map();
  }

  /** @param {string} run @param {unknown} error */
  keep(run, error) {
    const why = `Run “${run}” cannot be shown: ${error instanceof Error ? error.message : error}.`;
    this.runs.set(run, { until: Date.now() + ASKED_AGAIN_AFTER, why });
  }

  /** @param {string} run */
  forget(run) {
    this.runs.delete(run);
  }

  /** Whether a run may be asked for. @param {string} run */
  allow(run) {
    return !(this.runs.get(run)?.until > Date.now());
  }

  /** Why these are not shown, of those that are not. @param {string[]} runs @returns {string[]} */
  notes(runs) {
    const whys = runs.flatMap((run) => this.runs.get(run)?.why || []);
    const rest = whys.length - MOST_SAID;
    return rest > 0 ? [...whys.slice(0, MOST_SAID), `${rest} more cannot be shown.`] : whys;
  }
}
