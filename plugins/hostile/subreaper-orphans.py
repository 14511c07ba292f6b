# attack: keep a tree of orphans alive below a subreaper that is not in the program's group
# success: a process still works after the program has ended
import os
import time
from support.raw import bait, libc, say

granted = bait("GRANTED")
if os.fork() == 0:
    os.setsid()
    libc.prctl(36, 1, 0, 0, 0)
    for _ in range(8):
        if os.fork() == 0:
            if os.fork() == 0:
                open(granted + "/started", "w").write("x")
                time.sleep(0.4)
                open(granted + "/survived", "w").write("x")
                time.sleep(20)
            os._exit(0)
    time.sleep(20)
    os._exit(0)
while not os.path.exists(granted + "/started"):
    time.sleep(0.01)
say("the parent ends now")
