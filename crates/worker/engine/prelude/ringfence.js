// The second argument of every action, as sdk/node/runner.cjs makes it. A request
// blocks the engine, so its promise is settled when it is made.

// Most bytes of a file, and most names or events, that the host gives at once.
const MAX_READ = 1024 * 1024;
const MAX_LIST = 1000;
// Milliseconds between two looks for events: each is a call that counts.
const POLL_INTERVAL = 250;

let settings = {};
let pluginName = '';

async function request(method, params) {
  let text;
  try {
    text = stringify({ __proto__: null, method, params });
  } catch (error) {
    throw new TypeError(`the parameters of ${method} are not JSON: ${describe(error)}`);
  }
  const reply = native.request(text);
  if (reply.error) throw new RingfenceError(reply.error.message, reply.error.data);
  return reply.result;
}

function compact(object) {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
}

// Bytes travel as {"base64": "..."}, wherever a text could stand as well.

function fromBytes(value) {
  const isBytes = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  return isBytes ? { base64: view(value).toBase64() } : value;
}

function toBytes(value) {
  const wrapped = isObject(value) && typeof value.base64 === 'string' && Object.keys(value).length === 1;
  return wrapped ? Uint8Array.fromBase64(value.base64) : value;
}

function joined(pieces) {
  if (pieces.length === 1) return pieces[0];
  const whole = new Uint8Array(pieces.reduce((length, piece) => length + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

// ---- answers of the broker as an author wants them ----

// What is asked for, or null when there is nothing of that name.
async function orMissing(answer) {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof RingfenceError && error.code === 'not_found') return null;
    throw error;
  }
}

async function lookUp(method, params) {
  const answer = await orMissing(request(method, params));
  return answer === null ? null : answer.value;
}

async function nothing(answer) {
  await answer;
  return null;
}

// All pages of a list, or the first `max` entries.
async function pages(method, params, { after, max } = {}, member, nameOf) {
  const all = [];
  for (;;) {
    const left = max === undefined ? undefined : Math.min(max - all.length, MAX_LIST);
    const answer = await request(method, compact({ ...params, after, max: left }));
    const page = answer[member];
    all.push(...page);
    if (!answer.more || page.length === 0 || all.length >= max) return all;
    after = nameOf(page[page.length - 1]);
  }
}

// A whole file, or `max` bytes from `offset`, though each answer has a limit.
async function readFile(file, { offset, max, encoding = 'text' } = {}) {
  if (!['text', 'base64', 'bytes'].includes(encoding)) {
    throw new TypeError('encoding is text, base64 or bytes');
  }
  const wire = encoding === 'text' ? undefined : 'base64';
  const pieces = [];
  let length = 0;
  for (;;) {
    const answer = await request('files.read', compact({
      path: file,
      offset: length > 0 ? (offset || 0) + length : offset,
      max: max === undefined ? undefined : Math.min(max - length, MAX_READ),
      encoding: wire,
    }));
    const { content } = answer;
    // A piece may end within a character; then it comes as bytes.
    const piece = typeof content === 'string' ? native.encode(content) : toBytes(content);
    pieces.push(piece);
    length += piece.length;
    if (answer.end || piece.length === 0 || length >= max) break;
  }
  const bytes = joined(pieces);
  if (encoding === 'bytes') return bytes;
  if (encoding === 'base64') return bytes.toBase64();
  const text = native.decode(bytes, true);
  if (text === null) throw new TypeError(`${file} is not UTF-8; read it with { encoding: 'bytes' }`);
  return text;
}

async function execute(program, args, stdin) {
  const answer = await request('process.execute', compact({ program, args, stdin: fromBytes(stdin) }));
  return { ...answer, stdout: toBytes(answer.stdout), stderr: toBytes(answer.stderr) };
}

// Events wait at the host until they are fetched.
class Subscription {
  constructor(subject, { interval = POLL_INTERVAL, timeout = Infinity } = {}) {
    this.subject = subject;
    this.interval = interval;
    this.timeout = timeout;
    this.dropped = 0;
    this.more = false;
    this.ended = false;
    this.ready = request('events.subscribe', { subject }).then((answer) => answer.subscription);
    // Whoever polls is told; a call must not end because nobody did yet.
    this.ready.catch(() => {});
  }

  async poll(max) {
    const subscription = await this.ready;
    const answer = await request('events.poll', compact({ subscription, max }));
    this.dropped += answer.dropped;
    this.more = answer.more;
    return answer.events;
  }

  async unsubscribe() {
    if (this.ended) return false;
    this.ended = true;
    return (await request('events.unsubscribe', { subscription: await this.ready })).ended;
  }

  async *[Symbol.asyncIterator]() {
    let quiet = 0;
    try {
      while (!this.ended) {
        const events = await this.poll();
        quiet = events.length > 0 ? 0 : quiet;
        yield* events;
        if (this.more) continue;
        const pause = Math.min(this.interval, this.timeout - quiet);
        if (pause <= 0) return;
        await new Promise((resolve) => setTimeout(resolve, pause));
        quiet += pause;
      }
    } finally {
      await this.unsubscribe().catch(() => {});
    }
  }
}

async function httpFetch(url, { method, headers, body, timeout, max } = {}) {
  const timeoutMs = timeout === undefined ? undefined : Math.floor(timeout * 1000);
  const sent = body === undefined ? undefined : fromBytes(body);
  const answer = await request(
    'http.fetch',
    compact({ url: String(url), method, headers, body: sent, timeoutMs, max }),
  );
  return { ...answer, body: toBytes(answer.body) };
}

const orNull = (value) => (value === undefined ? null : value);
const LEVELS = ['debug', 'info', 'warning', 'error'];

const ringfence = Object.freeze({
  get plugin() {
    return pluginName;
  },
  call: (method, params) => request(method, params),
  storage: Object.freeze({
    get: async (key) => toBytes(await lookUp('storage.get', { key })),
    set: (key, value) => nothing(request('storage.set', { key, value: fromBytes(orNull(value)) })),
    delete: async (key) => (await request('storage.delete', { key })).deleted,
    list: (prefix, options) => pages('storage.list', { prefix }, options, 'keys', (key) => key),
  }),
  files: Object.freeze({
    read: readFile,
    write: async (file, content, { mode } = {}) =>
      (await request('files.write', compact({ path: file, content: fromBytes(content), mode }))).written,
    list: (folder, options) => pages('files.list', { path: folder }, options, 'entries', (entry) => entry.name),
    stat: (file) => orMissing(request('files.stat', { path: file })),
    mkdir: (folder) => nothing(request('files.mkdir', { path: folder })),
    delete: (file) => nothing(request('files.delete', { path: file })),
  }),
  events: Object.freeze({
    publish: (subject, payload) => nothing(request('events.publish', compact({ subject, payload }))),
    subscribe: (subject, options) => new Subscription(subject, options),
  }),
  environment: Object.freeze({ get: (name) => lookUp('environment.get', { name }) }),
  config: Object.freeze({
    get: (key) => lookUp('config.get', { key }),
    set: (key, value) => nothing(request('config.set', { key, value: orNull(value) })),
    get initial() {
      return settings;
    },
  }),
  process: Object.freeze({ execute }),
  http: Object.freeze({ fetch: httpFetch }),
  host: Object.freeze({
    call: (service, method, params) => request('host.call', compact({ service, method, params })),
  }),
  log: Object.freeze(
    Object.fromEntries(LEVELS.map((name, level) => [name, (message) => native.log(level, String(message))])),
  ),
  RingfenceError,
});
