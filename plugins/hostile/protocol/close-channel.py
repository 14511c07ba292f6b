# attack: close the channel and work on unseen
# success: the host waits longer than the call may take, or the plugin goes on
import os
import time


def go(input):
    os.close(3)
    time.sleep(600)
