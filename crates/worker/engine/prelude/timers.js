// Timers run within the call that set them; the call ends when its promise settles,
// and with it what is left of them.

let timers = []; // { id, due, every, run, args }, the next one last
let nextTimer = 1;

function insert(timer) {
  let at = timers.length;
  while (at > 0 && timers[at - 1].due <= timer.due) at -= 1;
  timers.splice(at, 0, timer);
}

function set(run, delay, args, repeats) {
  if (typeof run !== 'function') throw new TypeError('the callback of a timer is a function');
  const wait = Math.min(Math.max(Math.trunc(Number(delay)) || 1, 1), 2147483647);
  const timer = { id: nextTimer, due: native.now() + wait, every: repeats ? wait : 0, run, args };
  nextTimer += 1;
  insert(timer);
  const handle = {
    ref: () => handle,
    unref: () => handle,
    hasRef: () => true,
    refresh: () => handle,
    [Symbol.toPrimitive]: () => timer.id,
  };
  return handle;
}

function clear(handle) {
  if (handle === undefined || handle === null) return;
  const id = Number(handle);
  timers = timers.filter((timer) => timer.id !== id);
}

// Waits for the next timer and runs it. False when there is none.
function tick() {
  const timer = timers.pop();
  if (timer === undefined) return false;
  native.sleep(timer.due - native.now());
  if (timer.every > 0) {
    timer.due = native.now() + timer.every;
    insert(timer);
  }
  timer.run(...timer.args);
  return true;
}

const setTimeout = (run, delay, ...args) => set(run, delay, args, false);

define({
  setTimeout,
  setInterval: (run, delay, ...args) => set(run, delay, args, true),
  setImmediate: (run, ...args) => set(run, 1, args, false),
  clearTimeout: clear,
  clearInterval: clear,
  clearImmediate: clear,
});
