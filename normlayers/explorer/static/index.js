/**
 * The Neurons view. TensorBoard's frame, a page and a notebook all call render().
 * @module
 */

import { App } from './view/app.js';
import { element } from './view/dom.js';
import { openSource } from './view/source.js';

/** Show the view in this document. */
export async function render() {
  const styled = getComputedStyle(document.documentElement).getPropertyValue('--normlayers');
  if (!styled) await addStyle(new URL('style.css', import.meta.url).href);
  document.title ||= 'Neurons';
  const root = element('main', { class: 'normlayers' }, 'Reading the runs …');
  document.body.append(root);
  await new App(root, openSource(import.meta.url)).start();
}

/** @param {string} address @returns {Promise<void>} */
function addStyle(address) {
  return new Promise((resolve) => {
    const done = () => resolve();
    document.head.append(element('link', { rel: 'stylesheet', href: address, load: done, error: done }));
  });
}
