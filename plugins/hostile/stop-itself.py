# attack: stop, so that a watch that waits for progress or exit waits for ever
# success: the host cannot end it in time
import os
import signal

print("TRIED", flush=True)
os.fork()
os.fork()
while True:
    os.kill(os.getpid(), signal.SIGSTOP)
