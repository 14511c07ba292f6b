import * as files from 'ringfence:plugin/files@0.1.0';
import * as storage from 'ringfence:plugin/storage@0.1.0';

const LAST = 'notes/last';
const PIECE = 1 << 20;
let calls = 0;

const all = {
  // A greeting that repeats what it was told.
  greet: (input) => ({ greeting: 'Hello from JavaScript!', you_said: input }),

  // Keeps a note.
  keep(input) {
    storage.set(LAST, { tag: 'json', val: JSON.stringify(input) });
    return true;
  },

  // The note that was kept.
  show() {
    const note = storage.get(LAST);
    return note?.tag === 'json' ? JSON.parse(note.val) : null;
  },

  // How many lines a file has.
  lines(path) {
    let [offset, lines] = [0n, 0];
    for (;;) {
      const { content, end } = files.read(path, offset, PIECE);
      lines += content.filter((byte) => byte === 10).length;
      offset += BigInt(content.length);
      if (end) return lines;
    }
  },

  // How often this instance was called.
  calls: () => ++calls,
};

export const actions = {
  list: () => Object.keys(all),

  call(action, input) {
    try {
      return JSON.stringify(all[action](JSON.parse(input)));
    } catch (error) {
      // What Ringfence refuses arrives as an error with the failure as `payload`.
      // An error object that is thrown from here would end the instance; a plain
      // object is the answer of the action.
      const { payload } = error;
      throw payload
        ? { name: payload.code, message: payload.message }
        : { name: error.name, message: error.message };
    }
  },
};
