# attack: leave threads and children that hold the channel when the call ends
# success: the instance cannot be ended in time
import os
import threading
import time


def go(input):
    for _ in range(5):
        threading.Thread(target=time.sleep, args=(600,)).start()
        if os.fork() == 0:
            time.sleep(600)
    return "true answer"
