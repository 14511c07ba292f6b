// Asks a registry for documents, each of them under the first address that has it, and
// writes down what came. Whoever reads that believes none of it.
'use strict';
const fs = require('fs');
const http = require('http');
const https = require('https');
const path = require('path');

const [list, folder] = process.argv.slice(2);
const { wanted, certificates } = JSON.parse(fs.readFileSync(list, 'utf8'));
const AT_ONCE = 8;
const SILENCE_MS = 30000;

const options = { keepAlive: true, maxSockets: AT_ONCE };
const agents = {
  'http:': new http.Agent(options),
  'https:': new https.Agent(
    certificates ? { ...options, ca: fs.readFileSync(certificates) } : options),
};

function ask(url, accept, most) {
  return new Promise((resolve, reject) => {
    const { protocol } = new URL(url);
    const client = protocol === 'https:' ? https : http;
    const headers = { accept, 'accept-encoding': 'identity' };
    const request = client.get(url, { agent: agents[protocol], headers }, (answer) => {
      const pieces = [];
      let length = 0;
      answer.on('data', (piece) => {
        length += piece.length;
        if (length > most) {
          request.destroy(new Error('it is larger than is read'));
        } else if (answer.statusCode === 200) {
          pieces.push(piece);
        }
      });
      answer.on('end', () => resolve({ status: answer.statusCode, bytes: Buffer.concat(pieces) }));
      answer.on('error', reject);
    });
    request.setTimeout(SILENCE_MS, () => request.destroy(new Error('no answer')));
    request.on('error', reject);
  });
}

async function one(number) {
  const { urls, accept, most } = wanted[number];
  let said = { status: 404 };
  for (const [which, url] of urls.entries()) {
    try {
      const { status, bytes } = await ask(url, accept, most);
      if (status === 200) {
        fs.writeFileSync(path.join(folder, String(number)), bytes);
        return { status, which };
      }
      said = { status };
    } catch (error) {
      return { error: String(error.message || error.code || error) };
    }
  }
  return said;
}

async function main() {
  const said = new Array(wanted.length);
  let next = 0;
  const worker = async () => {
    while (next < wanted.length) {
      const number = next++;
      said[number] = await one(number);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  fs.writeFileSync(path.join(folder, 'said.json'), JSON.stringify(said));
  process.exit(0);
}

main();
