# attack: load native code from writable folders into an interpreter
# success: it is loaded
import ctypes
import glob
import os
import shutil
from support.raw import attempt, bait

source = (glob.glob("/usr/lib/x86_64-linux-gnu/libz.so.1*") + glob.glob("/lib/x86_64-linux-gnu/libm.so.6"))[0]
for folder in (os.environ["TMPDIR"], bait("GRANTED")):
    path = folder + "/owned.so"
    shutil.copy(source, path)
    attempt(path, lambda: ctypes.CDLL(path))
