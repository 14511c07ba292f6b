# attack: enter namespaces of other processes
# success: one is entered
import os
from support.raw import call, raw, say

for process in ("self", "1", str(os.getppid())):
    for name in ("uts", "net", "mnt", "user", "pid", "ipc", "cgroup"):
        try:
            handle = os.open(f"/proc/{process}/ns/{name}", os.O_RDONLY)
        except OSError as error:
            say(f"{process} {name}: {error}")
            continue
        raw(f"setns {process} {name}", 308, handle, 0)
handle, _ = call(434, 1, 0)
if handle >= 0:
    raw("setns by process", 308, handle, 0x4000000)
