# attack: copy a descriptor out of another process with pidfd_getfd
# success: it is copied
import os
from support.raw import call, raw, say

for process in (1, os.getpid(), os.getppid()):
    handle, errno = call(434, process, 0)
    if handle < 0:
        say(f"pidfd_open {process}: {os.strerror(errno)}")
        continue
    for number in range(0, 6):
        raw(f"descriptor {number} of {process}", 438, handle, number, 0)
