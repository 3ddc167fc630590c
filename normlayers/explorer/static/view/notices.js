/**
 * What the reader is told above the runs.
 * @module
 */

import { element } from './dom.js';

export class Notices {
  constructor() {
    this.node = element('div', { class: 'notices', role: 'status' });
  }

  /** Takes the place of what was said about the same. @param {string} about @param {string[]} notes @param {string} kind */
  say(about, notes, kind = 'warning') {
    const others = [...this.node.children].filter((note) => note.dataset.about !== about);
    this.node.replaceChildren(...others, ...notes.map((note) => element('p', { class: kind, 'data-about': about }, note)));
  }
}
