"""Starts a program as on a kernel that has no filters of system calls."""

import ctypes, os, struct, sys
# Answers ENOSYS to seccomp (317), as a kernel without it does.
program = [(0x20, 0, 0, 0), (0x15, 0, 1, 317), (0x06, 0, 0, 0x00050000 | 38), (0x06, 0, 0, 0x7FFF0000)]
code = b"".join(struct.pack("HBBI", *i) for i in program)
buffer = ctypes.create_string_buffer(code)
class Prog(ctypes.Structure):
    _fields_ = [("len", ctypes.c_ushort), ("filter", ctypes.c_void_p)]
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.byref(Prog(len(program), ctypes.addressof(buffer))), 0, 0) == 0
os.execvp(sys.argv[1], sys.argv[1:])
