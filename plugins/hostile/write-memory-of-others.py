# attack: write memory through /proc, past page protections
# success: a mem file opens for writing
import os
from support.raw import attempt

for process in ("self", "thread-self", "1", "2", str(os.getppid())):
    for flags in (os.O_WRONLY, os.O_RDWR):
        attempt(f"{process} {flags}", lambda: os.open(f"/proc/{process}/mem", flags))
