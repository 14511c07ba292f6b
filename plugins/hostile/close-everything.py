# attack: close every descriptor, so that the host takes the end of its streams for the end of the program
# success: it runs on after the host has finished with it
import os
import time
from support.raw import bait

print("TRIED", flush=True)
folder = bait("GRANTED")
slowness = int(bait("SLOWNESS"))
os.closerange(0, 4096)
# Later than the host's deadline, which a slow machine puts off.
time.sleep(0.6 * slowness)
os.close(os.open(folder + "/survived", os.O_CREAT | os.O_WRONLY))
time.sleep(60)
