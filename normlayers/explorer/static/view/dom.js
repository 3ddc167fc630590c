/**
 * Elements made without HTML: a name from a run is only ever text.
 * @module
 */

const SVG = 'http://www.w3.org/2000/svg';

/**
 * @param {Element} node
 * @param {Object<string, any>} attributes  functions are listeners, false and null are left out
 * @param {(Node | string | null)[]} children
 */
function furnish(node, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') node.addEventListener(name, value);
    else if (value !== false && value !== null && value !== undefined) {
      node.setAttribute(name, value === true ? '' : String(value));
    }
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/**
 * @param {string} tag
 * @param {Object<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function element(tag, attributes = {}, ...children) {
  return furnish(document.createElement(tag), attributes, children);
}

/**
 * @param {string} tag
 * @param {Object<string, any>} [attributes]
 * @param {...(Node | string | null)} children
 * @returns {any}
 */
export function shape(tag, attributes = {}, ...children) {
  return furnish(document.createElementNS(SVG, tag), attributes, children);
}

/**
 * Set an element's text where it differs, so that nothing is laid out anew in vain.
 * @param {Element} node
 * @param {string} text
 */
export function write(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * @param {Element} node
 * @param {string} name
 * @param {string | number} value
 */
export function set(node, name, value) {
  const text = String(value);
  if (node.getAttribute(name) !== text) node.setAttribute(name, text);
}

/**
 * Replace what an element holds; what had the focus and comes back under the same `data-key` keeps it.
 * @param {Element} node
 * @param {(Node | string | null)[]} children
 */
export function replace(node, children) {
  const focused = node.contains(document.activeElement) ? document.activeElement : null;
  const key = focused && focused.getAttribute('data-key');
  node.replaceChildren(...children.filter((child) => child !== null));
  if (key) {
    for (const candidate of node.querySelectorAll('[data-key]')) {
      if (candidate.getAttribute('data-key') === key) candidate.focus();
    }
  }
}

/**
 * A canvas's context, cleared, in CSS pixels, sharp on any screen.
 * @param {HTMLCanvasElement} canvas
 * @param {number} width
 * @param {number} height
 * @returns {CanvasRenderingContext2D}
 */
export function sharp(canvas, width, height) {
  const ratio = window.devicePixelRatio || 1;
  const [across, down] = [Math.round(width * ratio), Math.round(height * ratio)];
  if (canvas.width !== across || canvas.height !== down) {
    canvas.width = across;
    canvas.height = down;
    canvas.style.height = `${height}px`;
  }
  const context = canvas.getContext('2d');
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  context.lineWidth = 1;
  context.setLineDash([]);
  return context;
}

const pen = document.createElement('canvas').getContext('2d');

/**
 * A text and its width, cut off where it is wider than the most.
 * @param {string} text
 * @param {number} most
 * @param {string} font
 * @returns {{text: string, width: number}}
 */
export function fitted(text, most, font) {
  pen.font = font;
  const width = (/** @type {string} */ some) => pen.measureText(some).width;
  if (width(text) <= most) return { text, width: width(text) };
  const letters = [...text];
  while (letters.length && width(`${letters.join('')}…`) > most) letters.pop();
  return { text: `${letters.join('').trimEnd()}…`, width: most };
}
