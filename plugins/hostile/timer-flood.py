# attack: take kernel memory with timers and queued signals
# success: more than the limit are made
import ctypes
import os
from support.raw import call, got, say

count = 0
timer = ctypes.c_int()
while count < 3000:
    result, errno = call(222, 1, 0, ctypes.byref(timer))
    if result:
        say(f"{count}: {os.strerror(errno)}")
        break
    count += 1
else:
    got(f"{count} timers")
