# attack: change the host's clock
# success: a call changes or may change it
import ctypes
from support.raw import raw

time = (ctypes.c_int64 * 2)(1, 0)
raw("clock_settime", 227, 0, time)
raw("settimeofday", 164, time, 0)
raw("adjtimex", 159, (ctypes.c_int64 * 32)(1))
raw("clock_adjtime", 305, 0, (ctypes.c_int64 * 32)(1))
