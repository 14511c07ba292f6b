"""What every host of the world offers beside pages: a repository of git, a
registry for npm, an index for pip, and HTTP/2 on a port of its own. Each is made
when it is first asked for.
"""
import base64
import functools
import hashlib
import io
import json
import os
import subprocess
import sys
import tarfile
import threading
import zipfile

FOLDER = sys.argv[1]
PATHS = ("/git/", "/npm/", "/simple/")
making = threading.RLock()


def made_once(make):
    """One thread makes it, the others wait for it."""
    cached = functools.cache(make)

    def asked():
        with making:
            return cached()

    return asked


@made_once
def repositories():
    """A folder with one bare repository of one commit, `poem.git`."""
    root = FOLDER + "/git"
    quiet = {**os.environ, "GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}

    def git(folder, *words):
        author = ["-c", "user.name=T", "-c", "user.email=t@example.org"]
        subprocess.run(["git", "-C", folder, *author, *words], check=True, env=quiet, stdout=subprocess.DEVNULL)

    os.makedirs(root + "/work")
    git(root + "/work", "init", "-q", "-b", "main")
    with open(root + "/work/poem.txt", "w") as file:
        file.write("first line\n")
    git(root + "/work", "add", "poem.txt")
    git(root + "/work", "commit", "-q", "-m", "begin a poem")
    git(root, "clone", "-q", "--bare", "work", "poem.git")
    return root


def backend(handler, path, query, sent):
    """One request to the server that comes with git, as a web server runs it."""
    request = {
        **os.environ,
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_PROJECT_ROOT": repositories(),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": path.removeprefix("/git"),
        "QUERY_STRING": query,
        "REQUEST_METHOD": handler.command,
        "CONTENT_TYPE": handler.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(sent)),
        "HTTP_CONTENT_ENCODING": handler.headers.get("Content-Encoding", ""),
        "HTTP_GIT_PROTOCOL": handler.headers.get("Git-Protocol", ""),
        "REMOTE_ADDR": "192.0.2.1",
    }
    done = subprocess.run(["git", "http-backend"], env=request, input=sent, stdout=subprocess.PIPE)
    head, _, body = done.stdout.partition(b"\r\n\r\n")
    fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
    handler.answer(body, fields["Content-Type"], status=int(fields.get("Status", "200").split()[0]))


@made_once
def tarball():
    """A package for npm."""
    files = {
        "package/package.json": json.dumps({"name": "tiny", "version": "1.0.0", "main": "index.js"}),
        "package/index.js": "module.exports = 'tiny works';\n",
    }
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, text in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text.encode()))
    return packed.getvalue()


def registry(handler, path):
    if path.endswith(".tgz"):
        handler.answer(tarball(), "application/octet-stream")
        return
    if path != "/npm/tiny":
        handler.answer(b"{}", "application/json", status=404)
        return
    integrity = "sha512-" + base64.b64encode(hashlib.sha512(tarball()).digest()).decode()
    place = f"https://{handler.headers.get('Host')}/npm/tiny/-/tiny-1.0.0.tgz"
    version = {"name": "tiny", "version": "1.0.0", "dist": {"tarball": place, "integrity": integrity}}
    known = {"name": "tiny", "dist-tags": {"latest": "1.0.0"}, "versions": {"1.0.0": version}}
    handler.answer(json.dumps(known).encode(), "application/json")


@made_once
def wheel():
    """A package for pip."""
    about = "tiny-1.0.0.dist-info/"
    files = {
        "tiny.py": "works = 'tiny works'\n",
        about + "METADATA": "Metadata-Version: 2.1\nName: tiny\nVersion: 1.0.0\n",
        about + "WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    files[about + "RECORD"] = "".join(f"{name},,\n" for name in [*files, about + "RECORD"])
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return packed.getvalue()


def index(handler, path):
    name = "tiny-1.0.0-py3-none-any.whl"
    if path == "/simple/tiny/" + name:
        handler.answer(wheel(), "application/octet-stream")
    elif path == "/simple/tiny/":
        digest = hashlib.sha256(wheel()).hexdigest()
        page = f'<!DOCTYPE html><html><body><a href="{name}#sha256={digest}">{name}</a></body></html>'
        handler.answer(page.encode(), "text/html")
    else:
        handler.answer(b"", status=404)


def answer(handler, sent):
    path, _, query = handler.path.partition("?")
    if path.startswith("/git/"):
        backend(handler, path, query, sent)
    elif path.startswith("/npm/"):
        registry(handler, path)
    else:
        index(handler, path)


HTTP2 = """
const [folder] = process.argv.slice(1);
const fs = require('node:fs');
const server = require('node:http2').createSecureServer({
  key: fs.readFileSync(folder + '/host.key'), cert: fs.readFileSync(folder + '/host.pem'),
});
server.on('stream', (stream, head) => {
  stream.respond({ ':status': 200 });
  stream.end(`hello ${head[':authority']} HTTP/2 ${head[':path']}\\n`);
});
server.listen(8443, '::', () => console.log('ready'));
process.stdin.on('end', () => process.exit()).resume();
"""


@made_once
def http2():
    """The server of HTTP/2 that comes with node, at port 8443 of every host."""
    words = ["node", "-e", HTTP2, FOLDER]
    server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    return server if server.stdout.readline() == b"ready\n" else None
