# attack: load programs into the kernel, or measure it and other processes
# success: a descriptor is given
import ctypes
from support.raw import raw

raw("bpf map", 321, 0, (ctypes.c_uint32 * 32)(2, 4, 4, 1), 128)
raw("bpf program", 321, 5, (ctypes.c_uint64 * 16)(), 128)
event = (ctypes.c_uint32 * 32)(1, 128)
raw("perf of itself", 298, event, 0, -1, -1, 0)
raw("perf of everybody", 298, event, -1, 0, -1, 0)
