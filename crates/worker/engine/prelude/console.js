// Lines for whoever runs the plugin.

const DEPTH = 3;
const ENTRIES = 100;

function quoted(text) {
  return text.includes("'") && !text.includes('"') ? stringify(text) : `'${stringify(text).slice(1, -1).replaceAll('\\"', '"').replaceAll("'", "\\'")}'`;
}

function keyed(key) {
  if (typeof key === 'symbol') return `[${String(key)}]`;
  return /^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key);
}

function inspect(value, depth, above) {
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'bigint') return `${value}n`;
  if (Object.is(value, -0)) return '-0';
  if (typeof value === 'function') {
    const isClass = /^class\b/.test(Function.prototype.toString.call(value));
    return `[${isClass ? 'class' : 'Function'}${isClass ? ' ' : ': '}${value.name || '(anonymous)'}]`;
  }
  if (!isObject(value)) return String(value);
  if (above.includes(value)) return '[Circular *1]';
  if (value instanceof Error) return stackOf(value);
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
  if (value instanceof RegExp) return String(value);
  if (value instanceof Promise) return 'Promise { ... }';
  const name = value.constructor && value.constructor.name;
  if (depth > DEPTH - 1 && Object.keys(value).length > 0) return Array.isArray(value) ? '[Array]' : `[${name || 'Object'}]`;
  const inner = (entry) => inspect(entry, depth + 1, [...above, value]);
  const listed = (items, open, close) => {
    const more = items.length > ENTRIES ? [`... ${items.length - ENTRIES} more`] : [];
    const shown = items.slice(0, ENTRIES).map((item) => item()).concat(more);
    if (shown.length === 0) return `${open}${close}`;
    const line = shown.join(', ');
    if (line.length <= 72 && !line.includes('\n')) return `${open} ${line} ${close}`;
    return `${open}\n  ${shown.join(',\n').replaceAll('\n', '\n  ')}\n${close}`;
  };
  if (Array.isArray(value)) return listed(value.map((entry) => () => inner(entry)), '[', ']');
  if (ArrayBuffer.isView(value) && !(value instanceof DataView)) {
    return listed(Array.from(value, (entry) => () => String(entry)), `${name}(${value.length}) [`, ']');
  }
  if (value instanceof Map) {
    return listed([...value].map(([key, entry]) => () => `${inner(key)} => ${inner(entry)}`), `Map(${value.size}) {`, '}');
  }
  if (value instanceof Set) return listed([...value].map((entry) => () => inner(entry)), `Set(${value.size}) {`, '}');
  const named = name && name !== 'Object' ? `${name} ` : name ? '' : '[Object: null prototype] ';
  return listed(
    Object.keys(value).map((key) => () => {
      const { get } = Object.getOwnPropertyDescriptor(value, key) || {};
      return `${keyed(key)}: ${get ? '[Getter]' : inner(value[key])}`;
    }),
    `${named}{`,
    '}',
  );
}

function format(values) {
  const shown = [...values];
  let text = '';
  if (typeof shown[0] === 'string' && shown.length > 1) {
    text = shown.shift().replace(/%([sdifjoOc%])/g, (whole, kind) => {
      if (kind === '%') return '%';
      if (shown.length === 0) return whole;
      const value = shown.shift();
      if (kind === 'c') return '';
      if (kind === 's') return typeof value === 'string' ? value : inspect(value, DEPTH - 1, []);
      if (kind === 'd') return String(Number(value));
      if (kind === 'i') return String(parseInt(value, 10));
      if (kind === 'f') return String(parseFloat(value));
      return kind === 'j' ? stringify(value) : inspect(value, 0, []);
    });
    if (shown.length > 0) text += ' ';
  }
  return text + shown.map((value) => (typeof value === 'string' ? value : inspect(value, 0, []))).join(' ');
}

const counts = new Map();
const started = new Map();
let indent = '';

function write(level, values) {
  let text;
  try {
    text = format(values);
  } catch (error) {
    text = `what was logged cannot be shown: ${describe(error)}`;
  }
  native.log(level, indent + text.replaceAll('\n', `\n${indent}`));
}

const elapsed = (label) => `${label}: ${native.now() - (started.has(label) ? started.get(label) : native.now())}ms`;

define({
  console: {
    debug: (...values) => write(0, values),
    trace: (...values) => write(0, [...values, new Error('trace').stack]),
    log: (...values) => write(1, values),
    info: (...values) => write(1, values),
    dir: (value) => write(1, [value]),
    table: (value) => write(1, [value]),
    warn: (...values) => write(2, values),
    error: (...values) => write(3, values),
    assert: (holds, ...values) => holds || write(3, ['Assertion failed', ...values]),
    count(label = 'default') {
      counts.set(label, (counts.get(label) || 0) + 1);
      write(1, [`${label}: ${counts.get(label)}`]);
    },
    countReset: (label = 'default') => void counts.delete(label),
    time: (label = 'default') => void started.set(label, native.now()),
    timeLog: (label = 'default', ...values) => write(1, [elapsed(label), ...values]),
    timeEnd(label = 'default') {
      write(1, [elapsed(label)]);
      started.delete(label);
    },
    group(...values) {
      if (values.length > 0) write(1, values);
      indent += '  ';
    },
    groupEnd() {
      indent = indent.slice(2);
    },
  },
});
