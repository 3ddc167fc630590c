/**
 * Keys that work anywhere in the view.
 * @module
 */

/**
 * @param {{by: (observations: number) => void, play: () => void, nextPoint: (by: number) => void,
 *   clear: () => void}} act
 */
export function listenToKeys(act) {
  document.addEventListener('keydown', (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    const typing = target.matches('select, textarea, input:not([type=range]):not([type=checkbox])');
    if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
    const far = event.shiftKey ? 10 : 1;
    /** @type {Object<string, () => void>} */
    const keys = {
      ArrowLeft: () => act.by(-far),
      ArrowRight: () => act.by(far),
      Home: () => act.by(-Infinity),
      End: () => act.by(Infinity),
      n: () => act.nextPoint(1),
      p: () => act.nextPoint(-1),
      Escape: () => act.clear(),
    };
    // On a button, a box or a summary, space is the element's own.
    if (!target.matches('button, summary, input[type=checkbox]')) keys[' '] = () => act.play();
    const found = keys[event.key];
    if (!found) return;
    event.preventDefault();
    found();
  });
}
