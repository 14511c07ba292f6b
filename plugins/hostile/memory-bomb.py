# attack: take memory without end
# success: more than the limit is in use
from support.raw import got

print("TRIED", flush=True)
hoard = []
try:
    for step in range(200):
        hoard.append(bytearray(b"x" * (1 << 20)))
    got("200 MiB")
except MemoryError:
    print("no more", flush=True)
