# attack: get capabilities back
# success: any set is not empty
import ctypes
from support.raw import got, raw

header = (ctypes.c_uint32 * 2)(0x20080522, 0)
full = (ctypes.c_uint32 * 6)(*[0xFFFFFFFF] * 6)
raw("capset", 126, header, full)
raw("ambient", 157, 47, 2, 21, 0, 0)
raw("keep capabilities", 157, 8, 1, 0, 0, 0)
raw("secure bits", 157, 28, 0, 0, 0, 0)
for line in open("/proc/self/status"):
    if line.startswith("Cap") and int(line.split()[1], 16):
        got(line.strip())
    if line.startswith("NoNewPrivs") and "1" not in line:
        got(line.strip())
