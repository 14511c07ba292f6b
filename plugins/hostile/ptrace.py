# attack: trace the first process, a child, or be traced
# success: any request succeeds
import os
import time
from support.raw import raw

child = os.fork()
if child == 0:
    time.sleep(5)
    os._exit(0)
raw("seize a child", 101, 0x4206, child, 0, 0)
raw("attach to a child", 101, 16, child, 0, 0)
raw("attach to init", 101, 16, 1, 0, 0)
raw("be traced", 101, 0, 0, 0, 0)
os.kill(child, 9)
