# attack: raise the own limits, or move somewhere without any
# success: a control file opens for writing
import glob
import os
from support.raw import attempt

own = [line.rstrip("\n").split(":", 2)[2] for line in open("/proc/self/cgroup")]
for base in ("/sys/fs/cgroup", "/cgroup", "/proc/self/root/sys/fs/cgroup", "/run/cgroup"):
    for pattern in (base + "/cgroup.procs", base + "/*/cgroup.procs", base + "/*/tasks", base + "/*/release_agent"):
        for path in glob.glob(pattern):
            attempt(path, lambda: os.open(path, os.O_WRONLY))
if any(path != "/" for path in own):
    print("own cgroups:", own)
