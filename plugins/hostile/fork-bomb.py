# attack: make processes up to any limit
# success: more than the limit exist
import os
import time
from support.raw import got, say

children = 0
try:
    while children < 60:
        if os.fork() == 0:
            time.sleep(2)
            os._exit(0)
        children += 1
    got(f"{children} processes")
except OSError as error:
    say(f"{children}: {error}")
