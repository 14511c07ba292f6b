# attack: see the first process although it is hidden, after making oneself traceable
# success: it is in sight
import os
from support.raw import attempt, libc

libc.prctl(4, 1, 0, 0, 0)
libc.prctl(0x59616D61, -1, 0, 0, 0)
attempt("listed", lambda: "1" in os.listdir("/proc"))
for name in ("status", "environ", "maps", "fd", "cmdline", "ns/user", "root", "cwd", "mountinfo"):
    attempt(name, lambda: os.stat("/proc/1/" + name))
