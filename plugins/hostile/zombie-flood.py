# attack: fill the process table with dead children, own and orphaned
# success: more dead ones than the limit exist, or orphans are never collected
import os
from support.raw import got, say

orphans = 0
try:
    for _ in range(200):
        child = os.fork()
        if child == 0:
            if os.fork() == 0:
                os._exit(0)
            os._exit(0)
        os.waitpid(child, 0)
        orphans += 1
except OSError as error:
    say(f"orphans: {error}")
say(f"{orphans} orphans")
dead = 0
try:
    while dead < 60:
        if os.fork() == 0:
            os._exit(0)
        dead += 1
    got(f"{dead} dead children")
except OSError as error:
    say(f"{dead}: {error}")
