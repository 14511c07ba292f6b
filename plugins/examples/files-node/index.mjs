import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

// The folder that plugin.yaml asks for; a path in the jail is the same outside.
const DATA = fileURLToPath(new URL('./data', import.meta.url));

export async function sort(input, ringfence) {
  const from = resolve(DATA, input?.from ?? 'list.txt');
  const to = resolve(DATA, input?.to ?? 'sorted.txt');
  const text = await ringfence.files.read(from);
  const lines = text.split('\n').filter((line) => line !== '').sort();
  const bytes = await ringfence.files.write(to, lines.join('\n') + '\n');
  await ringfence.events.publish('files.sorted', { from, to, lines: lines.length });
  return { lines: lines.length, bytes };
}

export async function list(_input, ringfence) {
  const found = {};
  for (const { name, kind } of await ringfence.files.list(DATA)) {
    if (kind === 'file') found[name] = (await ringfence.files.stat(`${DATA}/${name}`)).size;
  }
  return found;
}
