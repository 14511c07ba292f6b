# attack: change what the host's device files say about themselves
# success: times, mode or owner of a device change
import os
from support.raw import attempt

for name in ("null", "zero", "full", "random", "urandom"):
    path = "/dev/" + name
    state = os.stat(path)
    attempt(f"times of {name}", lambda: os.utime(path) or True)
    attempt(f"mode of {name}", lambda: os.chmod(path, state.st_mode & 0o7777) or True)
    attempt(f"owner of {name}", lambda: os.chown(path, -1, -1) or True)
