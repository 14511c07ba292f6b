// The part of Ringfence that runs beside plugin code in Node.js 18 to 26.
//
// It speaks the session protocol (newline-delimited JSON-RPC 2.0) on descriptor
// 3, loads the plugin's entry and runs its actions. It shares a process with
// plugin code, so the host believes nothing that comes from here; what looks
// like protection below only keeps honest plugins from tripping.
'use strict';

(() => {
  const DESCRIPTOR = 3;
  const PROTOCOL = 1;
  const METHOD_NOT_FOUND = -32601;
  const PLUGIN_FAILED = -32000;
  const MAX_MESSAGE = 4 * 1024;
  const MAX_STACK = 12 * 1024;
  // The host refuses more requests at once than this.
  const MAX_REQUESTS = 64;
  // Most bytes of a file, and most names or events, that the host gives at once.
  const MAX_READ = 1024 * 1024;
  const MAX_LIST = 1000;
  // Milliseconds between two looks for events: each is a call that counts.
  const POLL_INTERVAL = 250;

  // Taken before plugin code can replace them.
  const { parse, stringify } = JSON;
  const exit = process.exit.bind(process);
  const { setTimeout, Buffer } = globalThis;
  const { Socket } = require('node:net');
  const path = require('node:path');

  const socket = new Socket({ fd: DESCRIPTOR, readable: true, writable: true });
  const chunks = [];
  const waiting = new Map(); // our request id -> { resolve, reject }
  const queued = []; // requests above MAX_REQUESTS
  const running = new Set(); // ids of the host's calls in flight
  let nextRequest = 1;
  let actions = new Map();
  let ended = false;

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

  function send(message, done) {
    let text;
    try {
      text = stringify({ jsonrpc: '2.0', ...message });
    } catch (error) {
      // A result that is not JSON: cycles, BigInt.
      if (!('result' in message)) throw error;
      text = stringify({
        jsonrpc: '2.0',
        id: message.id,
        error: failure(new TypeError(`the result is not JSON: ${describe(error)}`)),
      });
    }
    socket.write(text + '\n', done);
  }

  function describe(error) {
    try {
      return String(error && error.message !== undefined ? error.message : error);
    } catch {
      return 'an error that cannot be shown';
    }
  }

  function failure(error, code) {
    let name = 'Error';
    let stack;
    let cause;
    try {
      if (error instanceof Error) {
        name = String(error.name);
        stack = String(error.stack || '').slice(0, MAX_STACK);
        if (error instanceof RingfenceError) cause = error.code;
      }
    } catch {
      // Getters of a plugin's own error class may throw.
    }
    return {
      code: code || PLUGIN_FAILED,
      message: describe(error).slice(0, MAX_MESSAGE),
      data: { name: name.slice(0, 128), stack, code: cause },
    };
  }

  // ---- requests to the broker ----

  function dispatch() {
    while (queued.length > 0 && waiting.size < MAX_REQUESTS) {
      const { method, params, resolve, reject } = queued.shift();
      const id = nextRequest++;
      try {
        send({ id, method, params });
        waiting.set(id, { resolve, reject });
      } catch (error) {
        reject(new TypeError(`the parameters of ${method} are not JSON: ${describe(error)}`));
      }
    }
  }

  function request(method, params) {
    return new Promise((resolve, reject) => {
      queued.push({ method, params, resolve, reject });
      dispatch();
    });
  }

  const isObject = (value) => value !== null && typeof value === 'object';

  function compact(object) {
    return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined));
  }

  // Bytes travel as {"base64": "..."}, wherever a text could stand as well.

  function fromBytes(value) {
    let bytes;
    if (ArrayBuffer.isView(value)) bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    else if (value instanceof ArrayBuffer) bytes = Buffer.from(value);
    return bytes === undefined ? value : { base64: bytes.toString('base64') };
  }

  function toBytes(value) {
    const wrapped = isObject(value) && typeof value.base64 === 'string' && Object.keys(value).length === 1;
    return wrapped ? Buffer.from(value.base64, 'base64') : value;
  }

  // ---- answers of the broker as an author wants them ----

  // The value of the answer; null when there is nothing of that name.
  async function lookUp(method, params) {
    try {
      return (await request(method, params)).value;
    } catch (error) {
      if (error instanceof RingfenceError && error.code === 'not_found') return null;
      throw error;
    }
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
      const piece = typeof content === 'string' ? Buffer.from(content) : toBytes(content);
      pieces.push(piece);
      length += piece.length;
      if (answer.end || piece.length === 0 || length >= max) break;
    }
    const bytes = pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
    if (encoding === 'bytes') return bytes;
    if (encoding === 'base64') return bytes.toString('base64');
    const text = bytes.toString('utf8');
    if (!Buffer.from(text).equals(bytes)) {
      throw new TypeError(`${file} is not UTF-8; read it with { encoding: 'bytes' }`);
    }
    return text;
  }

  async function stat(file) {
    try {
      return await request('files.stat', { path: file });
    } catch (error) {
      if (error instanceof RingfenceError && error.code === 'not_found') return null;
      throw error;
    }
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
      // Whoever polls is told; a process must not end because nobody did yet.
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

  let settings = {};
  let pluginName = '';

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
      stat,
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
      Object.fromEntries(
        ['debug', 'info', 'warning', 'error'].map((level) => [
          level,
          (message) => send({ method: 'log', params: { level, message: String(message) } }),
        ]),
      ),
    ),
    RingfenceError,
  });

  // ---- loading ----

  function isModule(entry) {
    if (entry.endsWith('.mjs') || entry.endsWith('.mts')) return true;
    if (entry.endsWith('.cjs') || entry.endsWith('.cts')) return false;
    const { readFileSync } = require('node:fs');
    for (let folder = path.dirname(entry); ; folder = path.dirname(folder)) {
      try {
        return parse(readFileSync(path.join(folder, 'package.json'), 'utf8')).type === 'module';
      } catch (error) {
        if (error.code !== 'ENOENT' && error.code !== 'ENOTDIR' && error.code !== 'EACCES') return false;
      }
      if (path.dirname(folder) === folder || path.basename(folder) === 'node_modules') return false;
    }
  }

  async function load(entry) {
    const { pathToFileURL } = require('node:url');
    if (isModule(entry)) return import(pathToFileURL(entry).href);
    try {
      return require('node:module').createRequire(entry)(entry);
    } catch (error) {
      const meantAsModule =
        error &&
        (error.code === 'ERR_REQUIRE_ESM' || error.code === 'ERR_REQUIRE_ASYNC_MODULE');
      if (!meantAsModule) throw error;
      return import(pathToFileURL(entry).href);
    }
  }

  // Gathers actions from a module or a plugin object; the first meaning of a
  // name wins.
  function collect(source, found, depth) {
    if (typeof source === 'function') {
      for (const name of ['default', 'run']) if (!found.has(name)) found.set(name, { run: source });
      return;
    }
    if (!isObject(source) || depth > 2) return;
    const listed = source.actions;
    if (Array.isArray(listed)) {
      for (const action of listed) {
        if (isObject(action) && typeof action.name === 'string' && typeof action.handler === 'function') {
          if (!found.has(action.name)) {
            // elizaOS passes (runtime, message, state, options, callback).
            found.set(action.name, { run: (input) => runEliza(action, input) });
          }
        }
      }
    } else if (isObject(listed)) {
      for (const [name, action] of Object.entries(listed)) {
        const run = isObject(action) ? action.handler || action.run : action;
        if (typeof run === 'function' && !found.has(name)) {
          found.set(name, { run: (...args) => run.apply(isObject(action) ? action : listed, args) });
        }
      }
    }
    for (const [name, value] of Object.entries(source)) {
      if (name === 'default' || name === 'actions' || name === '__esModule') continue;
      if (typeof value === 'function' && !found.has(name) && !/^class\b/.test(Function.prototype.toString.call(value))) {
        found.set(name, { run: (...args) => value.apply(source, args) });
      } else if (depth === 0 && isObject(value) && Array.isArray(value.actions)) {
        collect(value, found, depth + 1); // `export const myPlugin = { name, actions }`
      }
    }
    if ('default' in source) collect(source.default, found, depth + 1);
  }

  async function runEliza(action, input) {
    const replies = [];
    const callback = async (content) => {
      replies.push(content);
      return [];
    };
    const message = {
      content: isObject(input) ? { text: '', ...input } : { text: String(input === null ? '' : input) },
    };
    const runtime = {
      agentId: pluginName,
      ringfence,
      getSetting: (name) => (isObject(settings) && name in settings ? settings[name] : null),
      logger: console,
    };
    if (typeof action.validate === 'function' && !(await action.validate(runtime, message, undefined))) {
      throw new Error(`the action ${action.name} does not accept this input`);
    }
    const options = isObject(input) ? input : {};
    const result = await action.handler(runtime, message, undefined, options, callback);
    return replies.length > 0 ? { result: result === undefined ? null : result, replies } : result;
  }

  // ---- messages of the host ----

  async function initialize(id, params) {
    if (params.protocol !== PROTOCOL) {
      throw new Error(`the host speaks version ${params.protocol} of the protocol, this runner ${PROTOCOL}`);
    }
    settings = params.config === undefined ? {} : params.config;
    pluginName = params.plugin || '';
    const module = await load(params.entry);
    const found = new Map();
    let source = module;
    if (params.class) {
      source = module[params.class] || (module.default && module.default[params.class]);
      if (source === undefined) throw new Error(`the entry exports nothing called ${params.class}`);
      if (typeof source === 'function' && /^class\b/.test(Function.prototype.toString.call(source))) {
        source = instance(new source(ringfence));
      }
    }
    collect(source, found, 0);
    actions = found;
    const names = [...actions.keys()].filter((name) => name.length > 0 && name.length <= 128).slice(0, 256);
    send({ id, result: { protocol: PROTOCOL, actions: names } });
  }

  // The methods of an object of a class, its base classes included.
  function instance(object) {
    const methods = {};
    for (let level = object; level && level !== Object.prototype; level = Object.getPrototypeOf(level)) {
      for (const name of Object.getOwnPropertyNames(level)) {
        if (name !== 'constructor' && !name.startsWith('_') && !(name in methods) && typeof object[name] === 'function') {
          methods[name] = object[name].bind(object);
        }
      }
    }
    return methods;
  }

  async function call(id, params) {
    const action = actions.get(params.action);
    if (!action) {
      const known = [...actions.keys()].join(', ') || 'none';
      const error = failure(new Error(`there is no action ${params.action}; there are: ${known}`), METHOD_NOT_FOUND);
      delete error.data.stack;
      send({ id, error });
      return;
    }
    running.add(id);
    try {
      const result = await action.run(params.input, ringfence);
      if (running.delete(id)) send({ id, result: result === undefined ? null : result });
    } catch (error) {
      if (running.delete(id)) send({ id, error: failure(error) });
    }
  }

  function receive(message) {
    if (message.method === undefined) {
      const waiter = waiting.get(message.id);
      if (!waiter) return;
      waiting.delete(message.id);
      if (message.error) waiter.reject(new RingfenceError(message.error.message, message.error.data));
      else waiter.resolve(message.result);
      dispatch();
      return;
    }
    const params = message.params || {};
    if (message.method === 'initialize') {
      running.add(message.id);
      initialize(message.id, params)
        .catch((error) => send({ id: message.id, error: failure(error) }))
        .finally(() => running.delete(message.id));
    } else if (message.method === 'call') {
      call(message.id, params);
    } else if (message.id !== undefined) {
      send({ id: message.id, error: { code: METHOD_NOT_FOUND, message: `no method ${message.method}` } });
    }
  }

  // An error that nobody caught ends the process: its state is unknown. Every
  // call in flight learns why.
  function die(error) {
    if (ended) return;
    ended = true;
    const reply = failure(error);
    let left = running.size;
    const done = () => {
      left -= 1;
      if (left <= 0) exit(1);
    };
    try {
      process.stderr.write(`${reply.data.stack || reply.message}\n`);
    } catch {
      // Standard error may be closed.
    }
    if (left === 0) exit(1);
    for (const id of running) send({ id, error: reply }, done);
    running.clear();
    setTimeout(() => exit(1), 1000);
  }

  process.on('uncaughtException', die);
  process.on('unhandledRejection', die);

  socket.on('data', (chunk) => {
    let start = 0;
    for (;;) {
      const newline = chunk.indexOf(10, start);
      if (newline < 0) break;
      chunks.push(chunk.subarray(start, newline));
      const line = chunks.length === 1 ? chunks[0] : Buffer.concat(chunks);
      chunks.length = 0;
      start = newline + 1;
      receive(parse(line.toString('utf8')));
    }
    if (start < chunk.length) chunks.push(chunk.subarray(start));
  });
  socket.on('end', () => exit(0));
  socket.on('error', () => exit(1));
})();
