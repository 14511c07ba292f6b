// From files to actions: where a name leads, CommonJS, and the shapes of a plugin
// that sdk/node/runner.cjs accepts.

const folderOf = (path) => path.slice(0, Math.max(path.lastIndexOf('/'), 0));
const there = (path) => native.source(path) !== undefined;

function join(folder, name) {
  const parts = name.startsWith('/') ? [] : folder.split('/').filter((part) => part !== '');
  for (const part of name.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '.' && part !== '') parts.push(part);
  }
  return `/${parts.join('/')}`;
}

function failed(code, message) {
  return Object.assign(new Error(message), { code });
}

// The absolute path that `name` means in the module `base`.
function resolve(base, name) {
  if (base === '') return name;
  if (/^\.\.?(\/|$)/.test(name) || name.startsWith('/')) {
    const path = join(folderOf(base), name);
    // TypeScript is imported by the name of what it becomes.
    const typed = path.replace(/\.([mc]?)js$/, '.$1ts');
    return !there(path) && there(typed) ? typed : path;
  }
  if (name.startsWith('file:///')) return decodeURIComponent(name.slice(7));
  throw failed(
    'ERR_MODULE_NOT_FOUND',
    `${base} imports '${name}': the built-in JavaScript engine has the files of the package only` +
      (name.startsWith('node:') ? ' and no API of Node.js' : ', packages must be bundled') +
      '; to use it, declare `runtime: node`',
  );
}

// The nearest package.json, read.
function packageOf(path) {
  for (let folder = folderOf(path); ; folder = folderOf(folder)) {
    const text = native.source(`${folder}/package.json`);
    if (text !== undefined) {
      try {
        return parse(text);
      } catch {
        return {};
      }
    }
    if (folder === '') return {};
  }
}

// 'module', 'script', 'json', or 'either' when only the text can tell.
function kindOf(path) {
  if (path.endsWith('.json')) return 'json';
  // The types of TypeScript are taken out before it comes here.
  if (/\.m[jt]s$/.test(path)) return 'module';
  if (/\.c[jt]s$/.test(path)) return 'script';
  const { type } = packageOf(path);
  if (type === 'module') return 'module';
  return type === 'commonjs' ? 'script' : 'either';
}

// ---- CommonJS ----

const scripts = Object.create(null); // path -> module object

function find(base, name) {
  const path = resolve(base, name);
  const tried = ['', '.js', '.json', '.cjs', '.mjs', '.ts', '/index.js', '/index.json', '/index.cjs'];
  const { main } = there(`${path}/package.json`) ? parse(native.source(`${path}/package.json`)) : {};
  if (typeof main === 'string') tried.unshift(`/${main}`, `/${main}.js`, `/${main}/index.js`);
  for (const end of tried) {
    const candidate = join('', path + end);
    if (there(candidate)) return candidate;
  }
  throw failed('MODULE_NOT_FOUND', `${base} requires '${name}': there is no such file in the package`);
}

// What a file of any kind exports to `require`.
function requirePath(path) {
  if (path in scripts) return scripts[path].exports;
  const kind = kindOf(path);
  if (kind === 'json') {
    scripts[path] = { exports: parse(native.source(path)) };
    return scripts[path].exports;
  }
  const script = kind === 'module' ? undefined : scriptOf(path, kind);
  return script === undefined ? requireModule(path) : runScript(path, script);
}

// The function around a script; undefined when the text is a module.
function scriptOf(path, kind) {
  try {
    return native.script(path);
  } catch (error) {
    if (kind === 'either' && error instanceof SyntaxError && native.looksLikeModule(path)) return undefined;
    throw error;
  }
}

function runScript(path, script) {
  const module = { exports: {}, id: path, filename: path, loaded: false, children: [], paths: [] };
  scripts[path] = module;
  const require = (name) => requirePath(find(path, String(name)));
  require.resolve = (name) => find(path, String(name));
  require.cache = scripts;
  try {
    script.call(module.exports, module.exports, require, module, path, folderOf(path) || '/');
  } catch (error) {
    delete scripts[path];
    throw error;
  }
  module.loaded = true;
  return module.exports;
}

function requireModule(path) {
  const promise = native.module(path);
  const state = native.state(promise);
  if (state === 2) {
    promise.catch(() => {});
    throw native.result(promise);
  }
  if (state === 0) {
    throw failed('ERR_REQUIRE_ASYNC_MODULE', `${path} awaits at its top level, so it can be imported, not required`);
  }
  return native.result(promise);
}

// Called for each path that is imported: the exports of what is no module, or
// undefined, and then its text is compiled as one.
function provide(path) {
  if (!there(path)) throw failed('ERR_MODULE_NOT_FOUND', `there is no file ${path} in the package`);
  const kind = kindOf(path);
  if (kind === 'module') return undefined;
  if (kind === 'json') return { default: requirePath(path) };
  let exports;
  if (path in scripts) {
    exports = scripts[path].exports;
  } else {
    const script = scriptOf(path, kind);
    if (script === undefined) return undefined;
    exports = runScript(path, script);
  }
  const named = isObject(exports) || typeof exports === 'function' ? Object.entries(exports) : [];
  return { ...Object.fromEntries(named), default: exports };
}
