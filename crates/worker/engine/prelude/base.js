// The part of the engine that is written in JavaScript. The files of this folder are
// joined, in the order that `cargo xtask engine` names, into one function of `native`.
//
// It shares a heap with plugin code, so the host believes nothing that comes from
// here. What becomes code is decided in C (modules.c).

const { parse, stringify } = JSON;
const MAX_MESSAGE = 4 * 1024;
const MAX_STACK = 12 * 1024;

const isObject = (value) => value !== null && typeof value === 'object';

function define(values) {
  for (const name of Object.keys(values)) {
    Object.defineProperty(globalThis, name, {
      value: values[name],
      writable: true,
      configurable: true,
      enumerable: false,
    });
  }
}

class RingfenceError extends Error {
  constructor(message, data) {
    super(message);
    this.name = 'RingfenceError';
    this.code = data && typeof data.code === 'string' ? data.code : 'failed';
    for (const member of ['kind', 'object', 'withheldBy', 'repair']) {
      this[member] = data && data[member] !== undefined ? data[member] : null;
    }
  }
}

function describe(error) {
  try {
    return String(error && error.message !== undefined ? error.message : error);
  } catch {
    return 'an error that cannot be shown';
  }
}

// QuickJS gives the frames only; V8, which people know, the name and message as well.
function stackOf(error) {
  const frames = String(error.stack || '');
  const head = `${error.name}: ${error.message}`;
  return frames.startsWith(head) ? frames : `${head}\n${frames}`;
}

// The text that C hands to the host for an error.
function failure(error) {
  let name = 'Error';
  let stack;
  let code;
  try {
    if (error instanceof Error) {
      name = String(error.name);
      stack = stackOf(error).slice(0, MAX_STACK);
      if (error instanceof RingfenceError) code = error.code;
    }
  } catch {
    // Getters of a plugin's own error class may throw.
  }
  const message = describe(error).slice(0, MAX_MESSAGE);
  // Without a prototype: a plugin may give every object a toJSON.
  return stringify({ __proto__: null, name: name.slice(0, 128), message, stack, code });
}

// Nothing here shares memory with another thread, and QuickJS's clock is ours.
delete globalThis.SharedArrayBuffer;
Math.random = native.mathRandom;
Object.defineProperty(Math, 'random', { enumerable: false });
// Frames of a stack would hand out the functions of this file.
Object.defineProperty(Error, 'prepareStackTrace', { get: () => undefined, set: () => {}, configurable: false });
