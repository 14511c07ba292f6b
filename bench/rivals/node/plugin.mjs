// What is called: in a thread by messages, in a process by lines.

import { parentPort } from 'node:worker_threads';

function answer(text) {
  if (text === 'spin') for (;;);
  return JSON.stringify({ greeting: 'Hello from JavaScript!', you_said: JSON.parse(text) });
}

if (parentPort) {
  parentPort.on('message', (text) => parentPort.postMessage(answer(text)));
} else {
  let pieces = [];
  process.stdin.setEncoding('utf8');
  process.stdin.on('data', (piece) => {
    pieces.push(piece);
    if (!piece.endsWith('\n')) return;
    const text = pieces.join('').trimEnd();
    pieces = [];
    process.stdout.write(`${answer(text)}\n`);
  });
}
