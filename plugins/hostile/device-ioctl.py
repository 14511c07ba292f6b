# attack: speak to drivers and file systems past read and write
# success: a request is performed
import array
import fcntl
import os
from support.raw import attempt, bait

path = bait("GRANTED") + "/flags"
open(path, "w").write("x")
file = os.open(path, os.O_RDWR)
for name, target, request in (
    ("get flags", file, 0x80086601),
    ("get version", file, 0x80087601),
    ("block size", file, 2),
    ("extents", file, 0xC020660B),
    ("entropy count", os.open("/dev/urandom", os.O_RDONLY), 0x80045200),
    ("freeze", os.open("/usr/share", os.O_RDONLY), 0x80087601),
):
    attempt(name, lambda: fcntl.ioctl(target, request, array.array("B", bytes(64)), True) is not None)
