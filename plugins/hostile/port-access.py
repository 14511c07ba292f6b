# attack: speak to hardware directly, or use segments of one's own
# success: access is given
import ctypes
from support.raw import raw

raw("ioperm", 173, 0x80, 1, 1)
raw("iopl", 172, 3)
raw("modify_ldt", 154, 0, (ctypes.c_uint8 * 64)(), 64)
