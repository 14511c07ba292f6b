# attack: take memory with many processes, each below its own limit
# success: more than the limit is in use by all together
import os
import time
from support.raw import got

print("TRIED", flush=True)
alive, wake = os.pipe()
for _ in range(20):
    if os.fork() == 0:
        hoard = bytearray(b"x" * (20 << 20))
        os.write(wake, b"x")
        time.sleep(2)
        os._exit(len(hoard) & 0)
os.close(wake)
count = 0
while os.read(alive, 1):
    count += 1
    if count == 10:
        got("200 MiB in ten processes")
        break
