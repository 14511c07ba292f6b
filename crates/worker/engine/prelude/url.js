// URL and URLSearchParams, as far as plugins need them. The host reads every address
// again, by the WHATWG standard: nothing is decided here. Not here: host names
// outside ASCII, and IPv4 addresses written in other ways than four decimals.

const PORTS = { 'http:': '80', 'https:': '443', 'ws:': '80', 'wss:': '443', 'ftp:': '21', 'file:': '' };
const special = (protocol) => Object.hasOwn(PORTS, protocol);

function escaped(text, keep) {
  let out = '';
  for (const character of text.toWellFormed()) {
    out += keep.test(character) ? character : encoded(character);
  }
  return out;
}

function encoded(character) {
  return [...native.encode(character)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');
}

const IN_PATH = /[!$%&'()*+,\-./0-9:;=@A-Z[\]^_a-z|~\\]/;
const IN_QUERY = /[!$%&()*+,\-./0-9:;=?@A-Z[\\\]^_`a-z{|}~]/;
const IN_HASH = /[!#$%&'()*+,\-./0-9:;=?@A-Z[\\\]^_a-z{|}~]/;
const IN_USER = /[!$%&'()*+,\-.0-9A-Z_a-z~]/;
const IN_FORM = /[*\-.0-9A-Z_a-z]/;

const unform = (text) => {
  const bytes = [];
  const raw = native.encode(text.replaceAll('+', ' ').toWellFormed());
  for (let at = 0; at < raw.length; at += 1) {
    const hex = raw[at] === 0x25 && String.fromCharCode(raw[at + 1], raw[at + 2]);
    if (hex && /^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes.push(parseInt(hex, 16));
      at += 2;
    } else {
      bytes.push(raw[at]);
    }
  }
  return native.decode(Uint8Array.from(bytes), false);
};
const form = (text) => escaped(text, IN_FORM).replaceAll('%20', '+');

class URLSearchParams {
  #pairs = [];
  #changed = () => {};
  constructor(init = '', changed = undefined) {
    if (isObject(init)) {
      const list = typeof init[Symbol.iterator] === 'function' ? [...init] : Object.entries(init);
      this.#pairs = list.map(([name, value]) => [String(name), String(value)]);
    } else {
      this.#read(String(init));
    }
    if (typeof changed === 'function') this.#changed = changed;
  }
  #read(text) {
    const parts = text.replace(/^\?/, '').split('&').filter((part) => part !== '');
    this.#pairs = parts.map((part) => {
      const at = part.indexOf('=');
      return at < 0 ? [unform(part), ''] : [unform(part.slice(0, at)), unform(part.slice(at + 1))];
    });
  }
  append(name, value) {
    this.#pairs.push([String(name), String(value)]);
    this.#changed(this);
  }
  delete(name, value) {
    this.#pairs = this.#pairs.filter(([key, entry]) => key !== String(name) || (value !== undefined && entry !== String(value)));
    this.#changed(this);
  }
  get(name) {
    const pair = this.#pairs.find(([key]) => key === String(name));
    return pair === undefined ? null : pair[1];
  }
  getAll(name) {
    return this.#pairs.filter(([key]) => key === String(name)).map(([, value]) => value);
  }
  has(name, value) {
    return this.#pairs.some(([key, entry]) => key === String(name) && (value === undefined || entry === String(value)));
  }
  set(name, value) {
    const at = this.#pairs.findIndex(([key]) => key === String(name));
    if (at < 0) this.#pairs.push([String(name), String(value)]);
    else {
      this.#pairs[at][1] = String(value);
      this.#pairs = this.#pairs.filter(([key], index) => key !== String(name) || index <= at);
    }
    this.#changed(this);
  }
  sort() {
    this.#pairs.sort(([one], [other]) => (one < other ? -1 : one > other ? 1 : 0));
    this.#changed(this);
  }
  get size() {
    return this.#pairs.length;
  }
  forEach(run, self) {
    for (const [name, value] of this) run.call(self, value, name, this);
  }
  *entries() {
    for (const [name, value] of this.#pairs) yield [name, value];
  }
  *keys() {
    for (const [name] of this.#pairs) yield name;
  }
  *values() {
    for (const [, value] of this.#pairs) yield value;
  }
  [Symbol.iterator]() {
    return this.entries();
  }
  toString() {
    return this.#pairs.map(([name, value]) => `${form(name)}=${form(value)}`).join('&');
  }
}

function hostOf(text, protocol) {
  if (text.startsWith('[')) {
    if (!/^\[[0-9a-fA-F:.]+\]$/.test(text)) throw new TypeError('Invalid URL');
    return text.toLowerCase();
  }
  if (!special(protocol)) return text;
  let host = unform(text.replaceAll('+', '%2B'));
  if (/[\x00-\x20"#%/:<>?@[\\\]^`{|}\x7f]/.test(host)) throw new TypeError('Invalid URL');
  if (/[^\x00-\x7f]/.test(host)) throw new TypeError('Invalid URL: write the host name in its ASCII form (xn--)');
  host = host.toLowerCase();
  if (host === '' && protocol !== 'file:') throw new TypeError('Invalid URL');
  return host;
}

function pathOf(text, protocol) {
  const parts = [];
  const given = (special(protocol) ? text.replaceAll('\\', '/') : text).split('/');
  if (given[0] === '') given.shift();
  given.forEach((part, index) => {
    const plain = part.replace(/%2e/gi, '.');
    const last = index === given.length - 1;
    if (plain === '..') {
      parts.pop();
      if (last) parts.push('');
    } else if (plain === '.') {
      if (last) parts.push('');
    } else {
      parts.push(escaped(part, IN_PATH));
    }
  });
  return `/${parts.join('/')}`;
}

class URL {
  #at = { protocol: '', username: '', password: '', hostname: null, port: '', pathname: '', search: '', hash: '' };
  #params = null;
  constructor(url, base) {
    let text = String(url).replace(/^[\0-\x20]+|[\0-\x20]+$/g, '').replace(/[\t\n\r]/g, '');
    const at = this.#at;
    const scheme = /^([A-Za-z][A-Za-z0-9+.-]*):/.exec(text);
    const from = base === undefined ? null : base instanceof URL ? base : new URL(base);
    if (!scheme && from === null) throw new TypeError('Invalid URL');
    at.protocol = scheme ? scheme[0].toLowerCase() : from.protocol;
    text = scheme ? text.slice(scheme[0].length) : text;
    const hash = text.indexOf('#');
    if (hash >= 0) {
      this.hash = text.slice(hash);
      text = text.slice(0, hash);
    }
    const query = text.indexOf('?');
    const search = query < 0 ? null : text.slice(query);
    if (query >= 0) text = text.slice(0, query);
    if (special(at.protocol)) text = text.replaceAll('\\', '/');
    if (text.startsWith('//') || (scheme && special(at.protocol))) {
      this.#authority(text.replace(special(at.protocol) ? /^\/*/ : /^\/\//, ''));
    } else if (scheme) {
      at.pathname = text.startsWith('/') ? pathOf(text, at.protocol) : escaped(text, IN_PATH);
    } else {
      Object.assign(at, { username: from.username, password: from.password, hostname: from.#at.hostname, port: from.port });
      if (text === '') at.pathname = from.pathname;
      else at.pathname = pathOf(text.startsWith('/') ? text : from.pathname.replace(/[^/]*$/, '') + text, at.protocol);
      if (text === '' && search === null) at.search = from.search;
    }
    if (search !== null) this.search = search;
  }
  #authority(text) {
    const at = this.#at;
    const slash = text.indexOf('/');
    let authority = slash < 0 ? text : text.slice(0, slash);
    const user = authority.lastIndexOf('@');
    if (user >= 0) {
      const [name, ...rest] = authority.slice(0, user).split(':');
      at.username = escaped(name, IN_USER);
      at.password = escaped(rest.join(':'), IN_USER);
      authority = authority.slice(user + 1);
    }
    const port = /:([0-9]*)$/.exec(authority);
    if (port) authority = authority.slice(0, port.index);
    at.hostname = hostOf(authority, at.protocol);
    if (port) this.port = port[1];
    at.pathname = slash < 0 ? (special(at.protocol) ? '/' : '') : pathOf(text.slice(slash), at.protocol);
  }
  static canParse(url, base) {
    return URL.parse(url, base) !== null;
  }
  static parse(url, base) {
    try {
      return new URL(url, base);
    } catch {
      return null;
    }
  }
  get protocol() {
    return this.#at.protocol;
  }
  set protocol(value) {
    const wanted = `${String(value).replace(/:.*$/, '').toLowerCase()}:`;
    if (special(wanted) === special(this.#at.protocol)) this.#at.protocol = wanted;
    if (PORTS[wanted] === this.#at.port) this.#at.port = '';
  }
  get hostname() {
    return this.#at.hostname === null ? '' : this.#at.hostname;
  }
  set hostname(value) {
    this.#at.hostname = hostOf(String(value), this.#at.protocol);
  }
  get port() {
    return this.#at.port;
  }
  set port(value) {
    const number = String(value);
    if (number !== '' && (!/^[0-9]+$/.test(number) || Number(number) > 65535)) throw new TypeError('Invalid URL');
    const short = number === '' ? '' : String(Number(number));
    this.#at.port = short === PORTS[this.#at.protocol] ? '' : short;
  }
  get host() {
    return this.hostname + (this.#at.port === '' ? '' : `:${this.#at.port}`);
  }
  set host(value) {
    const [, name, port] = /^(.*?)(?::([0-9]*))?$/.exec(String(value));
    this.hostname = name;
    if (port !== undefined) this.port = port;
  }
  get origin() {
    return special(this.protocol) && this.protocol !== 'file:' ? `${this.protocol}//${this.host}` : 'null';
  }
  get pathname() {
    return this.#at.pathname;
  }
  set pathname(value) {
    this.#at.pathname = pathOf(String(value), this.#at.protocol);
  }
  get search() {
    return this.#at.search;
  }
  set search(value) {
    const text = String(value).replace(/^\?/, '');
    this.#at.search = text === '' ? '' : `?${escaped(text, IN_QUERY)}`;
    this.#params = null;
  }
  get searchParams() {
    if (this.#params === null) {
      this.#params = new URLSearchParams(this.#at.search, (params) => {
        const text = params.toString();
        this.#at.search = text === '' ? '' : `?${text}`;
      });
    }
    return this.#params;
  }
  get hash() {
    return this.#at.hash;
  }
  set hash(value) {
    const text = String(value).replace(/^#/, '');
    this.#at.hash = text === '' ? '' : `#${escaped(text, IN_HASH)}`;
  }
  get username() {
    return this.#at.username;
  }
  set username(value) {
    this.#at.username = escaped(String(value), IN_USER);
  }
  get password() {
    return this.#at.password;
  }
  set password(value) {
    this.#at.password = escaped(String(value), IN_USER);
  }
  get href() {
    const { protocol, username, password, hostname, pathname, search, hash } = this.#at;
    const user = username === '' && password === '' ? '' : `${username}${password === '' ? '' : `:${password}`}@`;
    return `${protocol}${hostname === null ? '' : `//${user}${this.host}`}${pathname}${search}${hash}`;
  }
  toString() {
    return this.href;
  }
  toJSON() {
    return this.href;
  }
}

define({ URL, URLSearchParams });
