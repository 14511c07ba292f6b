# attack: take memory by mapping the zero device as shared
# success: more than the limit is in use
import mmap
import os
from support.raw import got

print("TRIED", flush=True)
hoard = []
zero = os.open("/dev/zero", os.O_RDWR)
try:
    for step in range(200):
        area = mmap.mmap(zero, 1 << 20)
        area.write(b"x" * (1 << 20))
        hoard.append(area)
    got("200 MiB")
except (OSError, ValueError):
    print("no more", flush=True)
