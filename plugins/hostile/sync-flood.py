# attack: make the host write all its dirty pages to disk, again and again
# success: a call that flushes more than own files is performed
import os
from support.raw import raw

raw("sync", 162)
raw("syncfs of the system", 306, os.open("/usr/share", os.O_RDONLY))
