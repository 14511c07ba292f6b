# attack: make system calls past the filter through io_uring or the old asynchronous interface
# success: a ring is made
import ctypes
from support.raw import raw

raw("io_uring_setup", 425, 8, (ctypes.c_uint8 * 120)())
raw("io_setup", 206, 8, ctypes.byref(ctypes.c_uint64()))
raw("io_uring_register", 427, -1, 0, 0, 0)
