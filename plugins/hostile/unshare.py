# attack: make namespaces, to become root in them and widen the kernel's surface
# success: one is made
import os
from support.raw import raw

NAMES = {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "pid": 0x20000000,
         "ipc": 0x8000000, "uts": 0x4000000, "cgroup": 0x2000000, "time": 0x80}
for name, flag in NAMES.items():
    raw(f"unshare {name}", 272, flag)
    raw(f"unshare user and {name}", 272, flag | NAMES["user"])
