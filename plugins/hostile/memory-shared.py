# attack: take memory that is shared and therefore in no process's own account
# success: more than the limit is in use
import mmap
from support.raw import got

print("TRIED", flush=True)
hoard = []
try:
    for step in range(200):
        area = mmap.mmap(-1, 1 << 20)
        area.write(b"x" * (1 << 20))
        hoard.append(area)
    got("200 MiB")
except (OSError, ValueError):
    print("no more", flush=True)
