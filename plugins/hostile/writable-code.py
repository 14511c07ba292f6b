# attack: make memory that is writable and executable, now or one after the other
# success: it is made
import ctypes
import mmap
import os
from support.raw import call, got, say

libc = ctypes.CDLL(None, use_errno=True)
READ, WRITE, EXEC, PRIVATE, SHARED, ANON = 1, 2, 4, 2, 1, 0x20


def mapped(what, protection, flags, file=-1):
    result, errno = call(9, 0, 4096, protection, flags, file, 0)
    if result == -1:
        say(f"{what}: {os.strerror(errno)}")
        return None
    if protection & EXEC and (protection & WRITE or file >= 0):
        got(what)
    return result


mapped("all at once", READ | WRITE | EXEC, PRIVATE | ANON)
mapped("all at once, shared", READ | WRITE | EXEC, SHARED | ANON)
area = mapped("writable", READ | WRITE, PRIVATE | ANON)
for what, number, extra in (("mprotect", 10, ()), ("pkey_mprotect", 329, (-1,))):
    result, errno = call(number, area, 4096, READ | EXEC, *extra)
    if result == 0:
        got(what)
    else:
        say(f"{what}: {os.strerror(errno)}")
zero = os.open("/dev/zero", os.O_RDWR)
mapped("device", READ | EXEC, PRIVATE, zero)
path = os.environ["TMPDIR"] + "/code"
open(path, "wb").write(b"\xc3" * 4096)
mapped("file in /tmp", READ | EXEC, PRIVATE, os.open(path, os.O_RDONLY))
mapped("file in the granted folder", READ | EXEC, SHARED, os.open(os.environ["BAIT_GRANTED"] + "/code", os.O_RDWR | os.O_CREAT))
result, errno = call(319, b"code", 0)
if result >= 0:
    os.ftruncate(result, 4096)
    mapped("memory file", READ | EXEC, SHARED, result)
