# attack: trace the first process, one of the host, a child, or be traced
# success: any request succeeds
import os
import time
from support.raw import bait, raw

child = os.fork()
if child == 0:
    time.sleep(5)
    os._exit(0)
raw("seize a child", 101, 0x4206, child, 0, 0)
raw("attach to a child", 101, 16, child, 0, 0)
raw("attach to a process of the host", 101, 16, int(bait("PID")), 0, 0)
# The machine's own first process is not tried where the attack can succeed.
if "SPARE_INIT" not in os.environ:
    raw("attach to init", 101, 16, 1, 0, 0)
raw("be traced", 101, 0, 0, 0, 0)
os.kill(child, 9)
