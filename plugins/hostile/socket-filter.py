# attack: load a packet filter program into the kernel through a socket that it has
# success: one is loaded
import ctypes
import socket
from support.raw import raw

ours, _ = socket.socketpair()
code = (ctypes.c_uint16 * 4)(6, 0, 0xFFFF, 0)
program = ctypes.create_string_buffer(16)
ctypes.memmove(program, (1).to_bytes(8, "little") + ctypes.addressof(code).to_bytes(8, "little"), 16)
raw("classic filter", 54, ours.fileno(), 1, 26, program, 16)
raw("BPF program", 54, ours.fileno(), 1, 50, ctypes.byref(ctypes.c_int(-1)), 4)
