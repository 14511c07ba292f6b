# attack: make namespaces with clone3, whose flags a filter cannot read
# success: one is made
import ctypes
import os
from support.raw import call, got, say

for name, flag in {"user": 0x10000000, "mount": 0x20000, "net": 0x40000000, "time": 0x80, "none": 0}.items():
    arguments = (ctypes.c_uint64 * 11)(flag, 0, 0, 0, 17)
    result, errno = call(435, arguments, 88)
    if result == 0:
        os._exit(0)
    if result > 0:
        os.waitpid(result, 0)
        got(f"clone3 {name}")
    else:
        say(f"clone3 {name}: {os.strerror(errno)}")
