// Measures itself: a greeting from another thread or another process of node, as
// somebody would call a plugin who has nothing but node. Neither is a boundary
// against the plugin. Prints a word and nanoseconds a line, as the benchmark reads.
//
//   node measure.mjs thread|child quick|full

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';

const [, , way, length] = process.argv;
const plugin = fileURLToPath(new URL('plugin.mjs', import.meta.url));
const quick = length === 'quick';
const counts = quick
  ? { fresh: 5, warm: 300, mebibyte: 5, overshoot: 3 }
  : { fresh: 25, warm: 5000, mebibyte: 60, overshoot: 20 };

/** A thread that answers messages. */
class Thread {
  constructor() {
    this.worker = new Worker(plugin);
  }
  async call(text) {
    this.worker.postMessage(text);
    const [answer] = await once(this.worker, 'message');
    return answer;
  }
  async end() {
    await this.worker.terminate();
  }
}

/** A process that answers lines. */
class Child {
  constructor() {
    this.process = spawn(process.execPath, [plugin], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.process.stdout.setEncoding('utf8');
  }
  call(text) {
    const { stdin, stdout } = this.process;
    return new Promise((done) => {
      const pieces = [];
      const take = (piece) => {
        pieces.push(piece);
        if (!piece.endsWith('\n')) return;
        stdout.off('data', take);
        done(pieces.join(''));
      };
      stdout.on('data', take);
      stdin.write(`${text}\n`);
    });
  }
  async end() {
    const gone = once(this.process, 'exit');
    this.process.kill('SIGKILL');
    await gone;
  }
}

const open = () => (way === 'thread' ? new Thread() : new Child());

async function measure(word, once_) {
  const times = [];
  await once_();
  for (let n = 0; n < counts[word]; n += 1) {
    const begin = process.hrtime.bigint();
    await once_();
    times.push(process.hrtime.bigint() - begin);
  }
  console.log(`${word}\t${times.join(' ')}`);
}

const short = '"Ada"';
await measure('fresh', async () => {
  const one = open();
  await one.call(short);
  await one.end();
});
const warm = open();
await measure('warm', () => warm.call(short));
const large = JSON.stringify('a'.repeat((1 << 20) - 2));
await measure('mebibyte', () => warm.call(large));
await warm.end();

const limit = 20;
const late = [];
for (let n = 0; n < counts.overshoot; n += 1) {
  const one = open();
  await one.call(short);
  const begin = process.hrtime.bigint();
  void one.call('spin');
  await new Promise((done) => setTimeout(done, limit));
  await one.end();
  late.push(process.hrtime.bigint() - begin - BigInt(limit) * 1_000_000n);
}
console.log(`overshoot\t${late.join(' ')}`);
