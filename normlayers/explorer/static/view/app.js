/**
 * The view: one choice, one slider, up to four runs that follow them.
 * @module
 */

import { makeChooser } from './chooser.js';
import { onAddressChange, readChoice, writeChoice } from './choice.js';
import { element, replace } from './dom.js';
import { listenToKeys } from './keyboard.js';
import { isSmall } from './network.js';
import { Notices } from './notices.js';
import { Recording } from './recording.js';
import { Refusals } from './refusals.js';
import { makeRun } from './run.js';
import { followTheme } from './theme.js';
import { makeTimeline } from './timeline.js';
import { makeToolbar } from './toolbar.js';
import { withoutSnapshots } from './words.js';

const RELOAD_AFTER = 5000;
const WHOLE_RUN_PLAYS = 10000;

export class App {
  /** @param {HTMLElement} root @param {import('./source.js').Source} source */
  constructor(root, source) {
    this.source = source;
    this.choice = readChoice();
    /** @type {any} */
    this.hover = null;
    this.steps = /** @type {number[]} */ ([]);
    this.place = 0;
    this.playing = false;
    /** @type {string[]} */
    this.names = [];
    /** @type {string[]} */
    this.opened = [];
    /** @type {Map<string, any>} */
    this.runs = new Map();
    this.refusals = new Refusals();
    this.wanted = this.later = this.writing = 0;
    const act = this.actions();
    this.chooser = makeChooser((runs) => this.show(runs));
    this.timeline = makeTimeline(act);
    this.toolbar = makeToolbar(act);
    this.notices = new Notices();
    this.columns = element('div', { class: 'runs' });
    root.replaceChildren(
      element('header', { class: 'top' }, element('h1', {}, 'Neurons'), this.chooser.node, this.toolbar.node),
      this.notices.node, this.timeline.node, this.columns);
    listenToKeys(act);
    followTheme(() => this.paintSoon());
    new ResizeObserver(() => this.paintSoon()).observe(root);
    onAddressChange(() => this.restore());
  }

  /** What parts of the view may do to it. */
  actions() {
    return {
      move: (/** @type {number} */ place) => { this.playing = false; this.moveTo(place); },
      by: (/** @type {number} */ observations) => { this.playing = false; this.moveTo(this.place + observations); },
      play: () => this.play(),
      point: (/** @type {number | null} */ row, keep = false) =>
        this.choose({ point: row === this.choice.point && !keep ? null : row }),
      neuron: (/** @type {any} */ neuron, keep = false) => {
        const same = JSON.stringify(neuron) === JSON.stringify(this.choice.neuron);
        this.choose({ neuron: same && !keep ? null : neuron });
      },
      hover: (/** @type {any} */ neuron) => {
        if (JSON.stringify(neuron) === JSON.stringify(this.hover)) return;
        this.hover = neuron;
        this.paintSoon();
      },
      nextPoint: (/** @type {number} */ by) => this.nextPoint(by),
      arrange: (/** @type {any} */ change) => this.choose(change),
      clear: () => { this.hover = null; this.choose({ point: null, neuron: null }); },
    };
  }

  async start() {
    await this.list();
    const known = this.choice.runs.filter((run) => this.names.includes(run));
    await this.show(known.length ? known : this.opened);
    await this.showAny();
    if (this.source.live) setInterval(() => this.reload(), RELOAD_AFTER);
  }

  /** Ask which runs there are, and say what cannot be shown. */
  async list() {
    /** @type {string[]} */
    const notes = [];
    try {
      const { runs, others, opened } = await this.source.list();
      this.names = runs;
      this.opened = opened && opened.length ? opened : runs.slice(0, 1);
      this.notices.say('others', others.length ? [withoutSnapshots(others)] : [], runs.length ? 'note' : 'warning');
      if (!runs.length) {
        notes.push('No run with snapshots yet. Train with normlayers.ActivationTracker(log_dir, x) among the callbacks; they appear here as they are written.');
      }
    } catch (error) {
      notes.push(`The runs could not be listed: ${error instanceof Error ? error.message : error}.`);
    }
    for (const run of this.choice.runs) {
      if (!this.names.includes(run)) notes.push(`There is no run “${run}” here.`);
    }
    this.notices.say('list', notes);
  }

  /** Where nothing is shown, show the first run that can be. */
  async showAny() {
    for (const name of this.names) {
      if (this.choice.runs.length) return;
      if (this.refusals.allow(name)) await this.show([name], this.names);
    }
  }

  /** Make a run's column, or keep why that cannot be. @param {string} name */
  async open(name) {
    try {
      const meta = await this.source.meta(name);
      const recording = new Recording(this.source, meta, (index) => this.arrived(recording, index));
      // Asked for twice, a run is made once.
      if (!this.runs.has(name)) this.runs.set(name, makeRun(recording, this.actions()));
      this.refusals.forget(name);
    } catch (error) {
      this.refusals.keep(name, error);
    }
  }

  /**
   * What was chosen last is shown, also where the answers to an earlier choice come later.
   * @param {string[]} names @param {string[]} asked  of these, too, it is said why they cannot be shown
   */
  async show(names, asked = names) {
    const chosen = [...names];
    this.choice.runs = chosen;
    this.chooser.update(this.names, chosen);
    for (const name of names) if (!this.runs.has(name)) await this.open(name);
    if (this.choice.runs !== chosen) return;
    for (const [name, run] of this.runs) {
      if (names.includes(name)) continue;
      run.recording.closed = true;
      this.runs.delete(name);
    }
    this.notices.say('run', this.refusals.notes(asked));
    this.choice.runs = names.filter((name) => this.runs.has(name));
    this.columns.style.setProperty('--count', String(Math.max(1, this.choice.runs.length)));
    replace(this.columns, this.shown().map((run) => run.node));
    this.chooser.update(this.names, this.choice.runs);
    this.align();
    // What is shown now is asked for first.
    this.paint();
    for (const run of this.shown()) run.recording.fill();
    this.remember();
  }

  /** @returns {any[]} */
  shown() {
    return this.choice.runs.map((name) => this.runs.get(name)).filter(Boolean);
  }

  /** The observations of all runs shown, and where among them the chosen step is. */
  align() {
    const steps = new Set(this.shown().flatMap((run) => run.recording.steps));
    this.steps = [...steps].sort((one, other) => one - other);
    const wanted = this.choice.step;
    let place = this.steps.length - 1;
    if (wanted !== null) while (place > 0 && this.steps[place] > wanted) place -= 1;
    this.place = Math.max(0, place);
  }

  /** @param {number} place */
  moveTo(place) {
    this.place = Math.max(0, Math.min(this.steps.length - 1, place));
    this.choice.step = this.steps[this.place] ?? null;
    // Asked for now, not at the next frame.
    for (const { recording } of this.shown()) recording.get(recording.indexAt(this.choice.step));
    this.remember();
    this.paintSoon();
  }

  play() {
    this.playing = !this.playing;
    if (!this.playing || this.steps.length < 2) {
      this.playing = false;
      this.paintSoon();
      return;
    }
    const last = this.steps.length - 1;
    if (this.place === last) this.moveTo(0);
    const each = Math.min(400, WHOLE_RUN_PLAYS / last);
    let next = performance.now() + each;
    const frame = (/** @type {number} */ now) => {
      if (!this.playing) return;
      if (now >= next) {
        const moved = 1 + Math.floor((now - next) / each);
        next += moved * each;
        this.moveTo(this.place + moved);
      }
      if (this.place >= last) this.playing = false;
      if (this.playing) requestAnimationFrame(frame);
      else this.paintSoon();
    };
    requestAnimationFrame(frame);
    this.paintSoon();
  }

  /** @param {number} by */
  nextPoint(by) {
    const rows = this.shown()[0]?.recording.meta.points?.shown || [];
    if (!rows.length) return;
    const here = rows.indexOf(this.choice.point);
    this.choose({ point: rows[here < 0 ? 0 : (here + by + rows.length) % rows.length] });
  }

  /** @param {any} change */
  choose(change) {
    Object.assign(this.choice, change);
    this.remember();
    this.paintSoon();
  }

  /** Write the address, though not at every move: browsers refuse that. */
  remember() {
    clearTimeout(this.writing);
    this.writing = setTimeout(() => writeChoice(this.choice), 150);
  }

  /** Follow an address that the reader changed. */
  async restore() {
    clearTimeout(this.writing);
    const { runs, ...rest } = readChoice();
    Object.assign(this.choice, rest);
    const known = runs.filter((run) => this.names.includes(run));
    await this.show(known.length ? known : this.choice.runs);
    await this.showAny();
  }

  /** Take what was written since, and stay where the reader is; who is at the end follows it. */
  async reload() {
    if (document.hidden) return;
    const before = this.names.join('\n');
    await this.list();
    if (this.names.join('\n') !== before) this.chooser.update(this.names, this.choice.runs);
    await this.showAny();
    let renewed = false;
    for (const { recording } of this.shown()) {
      const name = recording.meta.run;
      if (!this.names.includes(name)) {
        this.notices.say(`reload ${name}`, [`Run “${name}” is no longer there; what was read of it stays.`]);
        continue;
      }
      try {
        const former = recording.meta;
        renewed = recording.renew(await this.source.meta(name)) || renewed;
        // What is drawn once, or again only where another observation is shown, is made anew.
        if (!recording.continues(former) || JSON.stringify(recording.meta.points) !== JSON.stringify(former.points)) {
          this.runs.set(name, makeRun(recording, this.actions()));
          replace(this.columns, this.shown().map((other) => other.node));
        }
        this.notices.say(`reload ${name}`, []);
      } catch (error) {
        this.notices.say(`reload ${name}`, [`Run “${name}” cannot be read again: ${error instanceof Error ? error.message : error}.`]);
      }
    }
    if (!renewed) return;
    // Now, not before the answers came: the reader may have moved meanwhile.
    if (this.place === this.steps.length - 1 && !this.playing) {
      this.choice.step = null;
      this.remember();
    }
    this.align();
    this.paintSoon();
  }

  /** What is waited for is painted at once; what else comes only makes courses longer. */
  arrived(/** @type {Recording} */ recording, /** @type {number} */ index) {
    if (recording.indexAt(this.steps[this.place]) === index) this.paintSoon();
    else this.later ||= setTimeout(() => {
      this.later = 0;
      this.paintSoon();
    }, 500);
  }

  paintSoon() {
    if (this.wanted) return;
    this.wanted = requestAnimationFrame(() => this.paint());
  }

  paint() {
    cancelAnimationFrame(this.wanted);
    clearTimeout(this.later);
    this.wanted = this.later = 0;
    const runs = this.shown();
    const { steps, place, playing, choice } = this;
    this.timeline.update({ steps, place, playing, recordings: runs.map((run) => run.recording) });
    this.toolbar.update(choice, runs.some((run) => !isSmall(run.recording.meta)));
    runs.forEach((run, index) => run.update(steps[place], choice, this.hover, index, runs.length === 1));
    this.columns.dataset.painted = String(steps[place] ?? '');
  }
}
