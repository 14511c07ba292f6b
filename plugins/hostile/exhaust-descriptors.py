# attack: open descriptors without end
# success: more than the limit are open
import os
import resource
from support.raw import got, say

hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
count = 3
try:
    while count < 200:
        os.dup(1)
        count += 1
    got(f"{count} descriptors")
except OSError as error:
    say(f"{count}: {error}")
