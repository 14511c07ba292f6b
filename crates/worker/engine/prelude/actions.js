// Which functions of a plugin are its actions: the same as in sdk/node/runner.cjs.

const isClass = (value) => /^class\b/.test(Function.prototype.toString.call(value));

// Gathers actions from a module or a plugin object, as { self, run }, called by C; the
// first meaning of a name wins.
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
        // elizaOS passes (runtime, message, state, options, callback).
        if (!found.has(action.name)) found.set(action.name, { run: (input) => runEliza(action, input) });
      }
    }
  } else if (isObject(listed)) {
    for (const [name, action] of Object.entries(listed)) {
      const run = isObject(action) ? action.handler || action.run : action;
      if (typeof run === 'function' && !found.has(name)) {
        found.set(name, { self: isObject(action) ? action : listed, run });
      }
    }
  }
  for (const [name, value] of Object.entries(source)) {
    if (name === 'default' || name === 'actions' || name === '__esModule') continue;
    if (typeof value === 'function' && !found.has(name) && !isClass(value)) {
      found.set(name, { self: source, run: value });
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

// The methods of an object of a class, its base classes included.
function methodsOf(object) {
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

// Evaluates the plugin and says what it offers: { names, handlers, selves }.
async function start(options) {
  origin = native.now();
  settings = options.config === undefined ? {} : options.config;
  pluginName = options.plugin || '';
  const { entry } = options;
  if (!there(entry)) throw failed('ERR_MODULE_NOT_FOUND', `there is no file ${entry} in the package`);
  const kind = kindOf(entry);
  const script = kind === 'module' || kind === 'json' ? undefined : scriptOf(entry, kind);
  const module = script === undefined ? await native.module(entry) : runScript(entry, script);
  const found = new Map();
  let source = module;
  if (options.class) {
    source = module[options.class] || (module.default && module.default[options.class]);
    if (source === undefined) throw new Error(`the entry exports nothing called ${options.class}`);
    if (typeof source === 'function' && isClass(source)) source = methodsOf(new source(ringfence));
  }
  collect(source, found, 0);
  // Timers of the start are over: a call has its own.
  timers = [];
  const names = [...found.keys()].filter((name) => name.length > 0 && name.length <= 128).slice(0, 256);
  const offered = names.map((name) => found.get(name));
  return { names, handlers: offered.map(({ run }) => run), selves: offered.map(({ self }) => self) };
}

return { start, failure, tick, resolve, provide, ringfence };
