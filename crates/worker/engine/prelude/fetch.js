// fetch over the broker's `http.fetch`. The host decides each request, and each hop of
// a redirect anew. An answer is whole when its promise is settled.

const MAX_HOPS = 20;

class Headers {
  #pairs = [];
  constructor(init = undefined) {
    if (init === undefined || init === null) return;
    const list = typeof init[Symbol.iterator] === 'function' ? init : Object.entries(init);
    for (const [name, value] of list) this.append(name, value);
  }
  append(name, value) {
    this.#pairs.push([String(name).toLowerCase(), String(value).trim()]);
  }
  delete(name) {
    this.#pairs = this.#pairs.filter(([key]) => key !== String(name).toLowerCase());
  }
  get(name) {
    const found = this.#pairs.filter(([key]) => key === String(name).toLowerCase());
    return found.length === 0 ? null : found.map(([, value]) => value).join(', ');
  }
  getSetCookie() {
    return this.#pairs.filter(([key]) => key === 'set-cookie').map(([, value]) => value);
  }
  has(name) {
    return this.get(name) !== null;
  }
  set(name, value) {
    this.delete(name);
    this.append(name, value);
  }
  *entries() {
    for (const name of [...new Set(this.#pairs.map(([key]) => key))].sort()) yield [name, this.get(name)];
  }
  *keys() {
    for (const [name] of this.entries()) yield name;
  }
  *values() {
    for (const [, value] of this.entries()) yield value;
  }
  forEach(run, self) {
    for (const [name, value] of this) run.call(self, value, name, this);
  }
  [Symbol.iterator]() {
    return this.entries();
  }
}

// What is sent, and the type of it that its kind says.
function bodyOf(body) {
  if (body === undefined || body === null) return [undefined, null];
  if (body instanceof URLSearchParams) return [body.toString(), 'application/x-www-form-urlencoded;charset=UTF-8'];
  if (body instanceof ArrayBuffer || ArrayBuffer.isView(body)) return [body, null];
  if (typeof body === 'object' && String(body) === '[object Object]') {
    throw new TypeError('a body is text, bytes or URLSearchParams; use JSON.stringify');
  }
  return [String(body), 'text/plain;charset=UTF-8'];
}

class Response {
  #bytes;
  #used = false;
  constructor(body = null, { status = 200, statusText = '', headers, url = '', redirected = false } = {}) {
    const [content, type] = bodyOf(body);
    this.#bytes = typeof content === 'string' ? native.encode(content) : content === undefined ? new Uint8Array(0) : view(content);
    this.status = status;
    this.statusText = statusText;
    this.headers = headers instanceof Headers ? headers : new Headers(headers);
    if (type !== null && headers === undefined) this.headers.set('content-type', type);
    this.url = url;
    this.redirected = redirected;
    this.type = 'default';
  }
  static json(value, options) {
    const response = new Response(stringify(value), options);
    response.headers.set('content-type', 'application/json');
    return response;
  }
  get ok() {
    return this.status >= 200 && this.status <= 299;
  }
  get bodyUsed() {
    return this.#used;
  }
  #take() {
    if (this.#used) throw new TypeError('the body was read before');
    this.#used = true;
    return this.#bytes;
  }
  clone() {
    if (this.#used) throw new TypeError('the body was read before');
    const { status, statusText, url, redirected } = this;
    return new Response(this.#bytes, { status, statusText, headers: new Headers(this.headers), url, redirected });
  }
  async bytes() {
    return this.#take().slice();
  }
  async arrayBuffer() {
    return this.#take().slice().buffer;
  }
  async text() {
    return new TextDecoder().decode(this.#take());
  }
  async json() {
    return parse(await this.text());
  }
}

async function fetch(resource, options = {}) {
  let url = new URL(String(resource && resource.url ? resource.url : resource));
  let method = String(options.method || 'GET').toUpperCase();
  let [body, type] = bodyOf(options.body);
  const headers = new Headers(options.headers);
  if (type !== null && !headers.has('content-type')) headers.set('content-type', type);
  const follow = options.redirect || 'follow';
  for (let hop = 0; ; hop += 1) {
    url.hash = '';
    const answer = await httpFetch(url.href, { method, headers: Object.fromEntries(headers), body });
    const location = (answer.headers.find(([name]) => name.toLowerCase() === 'location') || [])[1];
    const moved = [301, 302, 303, 307, 308].includes(answer.status) && location !== undefined;
    if (!moved || follow === 'manual') {
      return new Response(answer.body, {
        status: answer.status,
        headers: new Headers(answer.headers),
        url: url.href,
        redirected: hop > 0,
      });
    }
    if (follow === 'error') throw new TypeError(`${url.href} answered with a redirect`);
    if (hop >= MAX_HOPS) throw new TypeError(`more than ${MAX_HOPS} redirects`);
    const next = new URL(location, url);
    if (answer.status === 303 ? method !== 'HEAD' : answer.status < 303 && method === 'POST') {
      method = 'GET';
      body = undefined;
      for (const name of ['content-type', 'content-length', 'content-encoding', 'content-language']) headers.delete(name);
    }
    if (next.origin !== url.origin) {
      for (const name of ['authorization', 'cookie', 'proxy-authorization']) headers.delete(name);
    }
    url = next;
  }
}

define({ Headers, Response, fetch });
