# attack: make device nodes, to reach disks and memory past every file permission
# success: a node is made, or a device beyond the harmless few opens
import os
import stat
from support.raw import attempt, bait

for name, kind, major, minor in (
    ("mem", stat.S_IFCHR, 1, 1),
    ("kmsg", stat.S_IFCHR, 1, 11),
    ("sda", stat.S_IFBLK, 8, 0),
    ("vda", stat.S_IFBLK, 254, 0),
    ("overlay-whiteout", stat.S_IFCHR, 0, 0),
):
    for folder in (os.environ["TMPDIR"], bait("GRANTED")):
        path = f"{folder}/{name}"
        attempt(f"mknod {path}", lambda: os.mknod(path, kind | 0o666, os.makedev(major, minor)) or True)
for path in ("/dev/mem", "/dev/kmsg", "/dev/kvm", "/dev/fuse", "/dev/net/tun", "/dev/vda", "/dev/console", "/dev/ptmx"):
    attempt(f"open {path}", lambda: os.open(path, os.O_RDONLY) or True)
