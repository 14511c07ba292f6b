# attack: outlive the jail: fork twice, own session, no death signal, every signal ignored, all closed
# success: the process still works after the program has ended
import ctypes
import os
import signal
import time
from support.raw import bait, libc, say

granted = bait("GRANTED")
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        libc.prctl(1, 0, 0, 0, 0)
        for number in range(1, 65):
            try:
                signal.signal(number, signal.SIG_IGN)
            except (OSError, ValueError):
                pass
        os.closerange(0, 256)
        open(granted + "/started", "w").write("x")
        time.sleep(0.4)
        open(granted + "/survived", "w").write("x")
        time.sleep(20)
    os._exit(0)
while not os.path.exists(granted + "/started"):
    time.sleep(0.01)
say("the parent ends now")
