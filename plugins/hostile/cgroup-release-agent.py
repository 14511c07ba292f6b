# attack: mount a cgroup hierarchy of one's own, whose release agent the kernel starts outside
# success: it is mounted
import os
from support.raw import raw

folder = os.environ["TMPDIR"] + "/cgroup"
os.mkdir(folder)
for kind, options in ((b"cgroup", b"memory"), (b"cgroup", b"none,name=owned"), (b"cgroup2", b"")):
    raw(f"{kind} {options}", 165, b"none", folder.encode(), kind, 0, options)
