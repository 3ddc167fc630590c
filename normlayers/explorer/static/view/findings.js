/**
 * What a diagnosis found wrong with the model, where the run was diagnosed.
 * @module
 */

import { element } from './dom.js';

/**
 * @typedef {{step: number, fault: string, where: string, severity: string, message: string, cure: string}} Finding
 */

/** @type {Object<string, string>} */
const MARKS = { error: '▲ error', warning: '▲ warning', note: 'note' };

export function makeFindings() {
  const node = element('ul', { class: 'findings', 'aria-label': 'What is wrong' });
  let shown = '';

  /** Those that hold at a step. @param {{meta: any, step: number}} moment */
  function update({ meta, step }) {
    const found = (meta.findings || []).filter((/** @type {Finding} */ finding) => finding.step <= step);
    const text = JSON.stringify(found);
    if (text === shown) return;
    shown = text;
    node.hidden = !found.length;
    node.replaceChildren(...found.map(item));
  }
  node.hidden = true;
  return { node, update };
}

/** @param {Finding} finding */
function item(finding) {
  const place = finding.where ? ` · ${finding.where}` : '';
  return element('li', { class: finding.severity },
    element('b', {}, `${MARKS[finding.severity] || finding.severity}: ${finding.fault.replaceAll('_', ' ')}`), element('small', {}, place),
    element('p', {}, finding.message), element('p', { class: 'cure' }, finding.cure));
}
