# attack: stop the kernel in the middle of a copy, the tool of many exploits
# success: a descriptor is given
from support.raw import raw

raw("userfaultfd", 323, 0)
raw("user mode only", 323, 1)
raw("fanotify", 300, 0, 0)
