# attack: crash with memory full of junk, in the hope of a core file on the host
# success: a core file exists
import os
from support.raw import bait, say

os.chdir(bait("GRANTED"))
try:
    import resource
    hard = resource.getrlimit(resource.RLIMIT_CORE)[1]
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
except (OSError, ValueError) as error:
    say(error)
if os.fork() == 0:
    os.abort()
os.wait()
