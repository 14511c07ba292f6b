# attack: begin a message and never end it
# success: the host waits longer than the call may take
import os
import time


def go(input):
    os.write(3, b'{"jsonrpc":"2.0","id":2,"resu')
    time.sleep(600)
