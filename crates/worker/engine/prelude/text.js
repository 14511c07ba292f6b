class TextEncoder {
  get encoding() {
    return 'utf-8';
  }
  encode(text = '') {
    return native.encode(String(text).toWellFormed());
  }
  encodeInto(text, target) {
    let read = 0;
    let written = 0;
    for (const character of String(text)) {
      const bytes = this.encode(character);
      if (written + bytes.length > target.length) break;
      target.set(bytes, written);
      written += bytes.length;
      read += character.length;
    }
    return { read, written };
  }
}

const UTF8_LABELS = ['utf-8', 'utf8', 'unicode-1-1-utf-8', 'unicode11utf8', 'unicode20utf8', 'x-unicode20utf8'];

// Any bytes that a standard function takes, as a Uint8Array over the same memory.
function view(data, what) {
  if (data instanceof Uint8Array) return data;
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  if (data instanceof ArrayBuffer) return new Uint8Array(data);
  throw new TypeError(`${what} must be an ArrayBuffer or a view of one`);
}

// How many bytes at the end may be the start of a character that is not all there.
function openEnd(bytes) {
  for (let back = 1; back <= 3 && back <= bytes.length; back += 1) {
    const byte = bytes[bytes.length - back];
    if (byte < 0x80) return 0;
    if (byte >= 0xc0) {
      const size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return size > back ? back : 0;
    }
  }
  return 0;
}

class TextDecoder {
  #fatal;
  #keepMark;
  #left = new Uint8Array(0);
  #begun = false;
  constructor(label = 'utf-8', { fatal = false, ignoreBOM = false } = {}) {
    if (!UTF8_LABELS.includes(String(label).trim().toLowerCase())) {
      throw new RangeError(`the encoding ${label} is not supported; only utf-8 is`);
    }
    this.#fatal = Boolean(fatal);
    this.#keepMark = Boolean(ignoreBOM);
  }
  get encoding() {
    return 'utf-8';
  }
  get fatal() {
    return this.#fatal;
  }
  get ignoreBOM() {
    return this.#keepMark;
  }
  decode(data, { stream = false } = {}) {
    let bytes = data === undefined ? new Uint8Array(0) : view(data, 'what is decoded');
    if (this.#left.length > 0) {
      const whole = new Uint8Array(this.#left.length + bytes.length);
      whole.set(this.#left);
      whole.set(bytes, this.#left.length);
      bytes = whole;
    }
    const open = stream ? openEnd(bytes) : 0;
    this.#left = bytes.slice(bytes.length - open);
    let text = native.decode(bytes.subarray(0, bytes.length - open), this.#fatal);
    if (text === null) {
      this.#left = new Uint8Array(0);
      this.#begun = false;
      throw new TypeError('the data is not UTF-8');
    }
    if (!this.#begun && !this.#keepMark && text.charCodeAt(0) === 0xfeff) text = text.slice(1);
    this.#begun = stream && (this.#begun || text.length > 0);
    return text;
  }
}

// ---- structuredClone ----

const notCloned = (what) => new DOMException(`${what} cannot be cloned`, 'DataCloneError');

function clone(value, seen) {
  if (typeof value === 'function') throw notCloned('a function');
  if (typeof value === 'symbol') throw notCloned('a symbol');
  if (!isObject(value)) return value;
  if (seen.has(value)) return seen.get(value);
  const keep = (copy) => {
    seen.set(value, copy);
    return copy;
  };
  if (value instanceof Date) return keep(new Date(value.getTime()));
  if (value instanceof RegExp) return keep(new RegExp(value.source, value.flags));
  if (value instanceof ArrayBuffer) return keep(value.slice(0));
  if (value instanceof DataView) {
    return keep(new DataView(clone(value.buffer, seen), value.byteOffset, value.byteLength));
  }
  if (ArrayBuffer.isView(value)) {
    return keep(new value.constructor(clone(value.buffer, seen), value.byteOffset, value.length));
  }
  if (value instanceof Boolean || value instanceof Number || value instanceof String) {
    return keep(Object(value.valueOf()));
  }
  if (value instanceof Map) {
    const copy = keep(new Map());
    for (const [key, entry] of value) copy.set(clone(key, seen), clone(entry, seen));
    return copy;
  }
  if (value instanceof Set) {
    const copy = keep(new Set());
    for (const entry of value) copy.add(clone(entry, seen));
    return copy;
  }
  if (value instanceof Error) {
    const kinds = { EvalError, RangeError, ReferenceError, SyntaxError, TypeError, URIError };
    const copy = keep(new (kinds[value.name] || Error)(value.message));
    Object.defineProperty(copy, 'stack', { value: value.stack, writable: true, configurable: true });
    if ('cause' in value) copy.cause = clone(value.cause, seen);
    return copy;
  }
  for (const kind of [Promise, WeakMap, WeakSet, WeakRef]) {
    if (value instanceof kind) throw notCloned(`a ${kind.name}`);
  }
  const copy = keep(Array.isArray(value) ? new Array(value.length) : {});
  for (const key of Object.keys(value)) copy[key] = clone(value[key], seen);
  return copy;
}

// ---- clock and chance ----

// What stands in the snapshot is old: each reading asks the host.
let origin = 0; // Set by start(): the engine is made long before it.
const performance = Object.freeze({
  get timeOrigin() {
    return origin;
  },
  now: () => native.now() - origin,
  toJSON: () => ({ timeOrigin: origin }),
});

const crypto = Object.freeze({
  getRandomValues(array) {
    if (!ArrayBuffer.isView(array) || array instanceof DataView || array instanceof Float32Array || array instanceof Float64Array) {
      throw new DOMException('it fills arrays of whole numbers', 'TypeMismatchError');
    }
    if (array.byteLength > 65536) {
      throw new DOMException('at most 65536 bytes at once', 'QuotaExceededError');
    }
    native.random(view(array));
    return array;
  },
  randomUUID() {
    const bytes = new Uint8Array(16);
    native.random(bytes);
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = bytes.toHex();
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  },
});

define({
  TextEncoder,
  TextDecoder,
  structuredClone: (value) => clone(value, new Map()),
  performance,
  crypto,
});
