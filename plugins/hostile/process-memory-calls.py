# attack: read and write memory of other processes with process_vm_* and relatives
# success: a byte moves
import ctypes
import os
from support.raw import raw, reached

data = ctypes.create_string_buffer(b"0123456789")
vector = (ctypes.c_uint64 * 2)(ctypes.addressof(data), 4)
for process in (os.getpid(), 1):
    raw(f"read {process}", 310, process, vector, 1, vector, 1, 0)
    raw(f"write {process}", 311, process, vector, 1, vector, 1, 0)
    raw(f"compare {process}", 312, process, os.getpid(), 0, 0, 0)
reached("process_madvise", 440, -1, 0, 0, 0, 0)
reached("move_pages", 279, os.getpid(), 0, 0, 0, 0, 0)
