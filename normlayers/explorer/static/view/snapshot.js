/**
 * One observation of a run, read from its bytes: see normlayers/explorer/snapshot.py.
 * @module
 */

/**
 * @typedef {{name: string, dtype: 'bits' | 'u8' | 'f32', shape: number[], offset: number,
 *   length: number, low?: number, high?: number}} Section
 */

/**
 * JSON, also with the NaN and Infinity that Python writes.
 * @param {string} text
 * @returns {any}
 */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return JSON.parse(text.replace(/([:,[]\s*)-?(NaN|Infinity)/g, '$1null'));
  }
}

export class Snapshot {
  /** @param {ArrayBuffer} buffer */
  constructor(buffer) {
    const size = buffer.byteLength >= 4 ? new DataView(buffer).getUint32(0, true) : Infinity;
    if (4 + size > buffer.byteLength) throw new Error('it is cut off');
    const header = parseJson(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
    this.buffer = buffer;
    this.start = 4 + size;
    /** @type {number} */
    this.step = header.step;
    /** @type {number[] | null} */
    this.extent = header.extent || null;
    /** @type {Map<string, Section>} */
    this.sections = new Map();
    for (const section of header.sections) {
      if (this.start + section.offset + section.length > buffer.byteLength) {
        throw new Error('it is cut off');
      }
      this.sections.set(section.name, section);
    }
    /** @type {Map<string, Float32Array>} */
    this.read = new Map();
  }

  /** @param {string} name @returns {number[] | null} */
  shape(name) {
    const section = this.sections.get(name);
    return section ? section.shape : null;
  }

  /** @param {string} name @returns {Uint8Array | null}  a section's own bytes */
  bytes(name) {
    const section = this.sections.get(name);
    if (!section) return null;
    return new Uint8Array(this.buffer, this.start + section.offset, section.length);
  }

  /** @param {string} name @returns {Float32Array | null} */
  floats(name) {
    const section = this.sections.get(name);
    if (!section) return null;
    let values = this.read.get(name);
    if (!values) {
      // Copied: the header's length need not be a multiple of 4.
      const from = this.start + section.offset;
      values = new Float32Array(this.buffer.slice(from, from + section.length));
      this.read.set(name, values);
    }
    return values;
  }

  /**
   * Who is active: a function of point and neuron, both counted among those shown.
   * @param {string} layer
   * @returns {((point: number, neuron: number) => boolean) | null}
   */
  active(layer) {
    const bytes = this.bytes(`active/${layer}`);
    if (!bytes) return null;
    const neurons = this.shape(`active/${layer}`)[1];
    return (point, neuron) => {
      const bit = point * neurons + neuron;
      return ((bytes[bit >> 3] >> (bit & 7)) & 1) === 1;
    };
  }

  /** Whether a layer's activations were NaN or infinite: then they have no values, and no states. @param {string} layer */
  broken(layer) {
    const states = this.floats(`state/${layer}`);
    return Boolean(states) && states.every(Number.isNaN) && !this.sections.has(`value/${layer}`);
  }

  /** The layers that were recorded. @returns {string[]} */
  layers() {
    return [...this.sections.keys()].filter((name) => name.startsWith('active/')).map((name) => name.slice(7));
  }

  /**
   * @param {string} layer
   * @param {number} point
   * @param {number} neuron
   * @returns {number}  NaN where it was not recorded
   */
  value(layer, point, neuron) {
    const section = this.sections.get(`value/${layer}`);
    if (!section || !Number.isFinite(section.low) || !Number.isFinite(section.high)) return NaN;
    const place = this.start + section.offset + point * section.shape[1] + neuron;
    const byte = new Uint8Array(this.buffer, place, 1)[0];
    return section.low + ((section.high - section.low) * byte) / 255;
  }

  /** How far apart two values of a layer are that can be told apart. @param {string} layer */
  finest(layer) {
    const section = this.sections.get(`value/${layer}`);
    return section ? (section.high - section.low) / 255 : NaN;
  }
}

/**
 * The whole numbers in a section, also where that is kept in 256 steps.
 * @param {Snapshot} snapshot
 * @param {string} name
 * @returns {Uint8Array | Float32Array | null}
 */
export function wholeNumbers(snapshot, name) {
  const section = snapshot.sections.get(name);
  if (section?.dtype === 'f32') return snapshot.floats(name);
  const bytes = snapshot.bytes(name);
  if (!section || !bytes) return null;
  return bytes.map((byte) => Math.round(section.low + ((section.high - section.low) * byte) / 255));
}

/**
 * What is kept of every observation, for courses: shares of states and of points.
 * @typedef {{step: number, states: Object<string, Float32Array>,
 *   shares: Object<string, Float32Array>}} Digest
 */

/**
 * @param {Snapshot} snapshot
 * @param {{name: string}[]} layers
 * @returns {Digest}
 */
export function digest(snapshot, layers) {
  /** @type {Digest} */
  const kept = { step: snapshot.step, states: {}, shares: {} };
  for (const { name } of layers) {
    const shares = snapshot.floats(`share/${name}`) || countedShares(snapshot, name);
    // Nothing is active that is NaN, but that is not dead.
    if (shares) kept.shares[name] = snapshot.broken(name) ? shares.map(() => NaN) : shares;
    const states = snapshot.floats(`state/${name}`) || countedStates(shares);
    if (states) kept.states[name] = states;
  }
  return kept;
}

/**
 * Whether a layer's activations were NaN or infinite: what is measured of finite ones is not known then.
 * @param {Float32Array | undefined} shares  of a digest
 */
export function diverged(shares) {
  return Boolean(shares?.length) && !shares.some(Number.isFinite);
}

/** @param {Snapshot} snapshot @param {string} layer @returns {Float32Array | null} */
function countedShares(snapshot, layer) {
  const active = snapshot.active(layer);
  if (!active) return null;
  const [points, neurons] = snapshot.shape(`active/${layer}`);
  const shares = new Float32Array(neurons);
  for (let neuron = 0; neuron < neurons; neuron++) {
    let lit = 0;
    for (let point = 0; point < points; point++) lit += active(point, neuron) ? 1 : 0;
    shares[neuron] = lit / points;
  }
  return shares;
}

/** @param {Float32Array | null} shares @returns {Float32Array | null} */
function countedStates(shares) {
  if (!shares || !shares.length) return null;
  const part = (/** @type {(share: number) => boolean} */ is) => shares.filter(is).length / shares.length;
  return new Float32Array([
    part((share) => share === 0), part((share) => share === 1),
    part((share) => share > 0 && share < 1), NaN,
  ]);
}
