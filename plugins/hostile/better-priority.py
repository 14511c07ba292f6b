# attack: take more processor time than one's share
# success: a better priority or a real-time class is given
import ctypes
import os
from support.raw import attempt, raw

attempt("nice", lambda: os.nice(-5) < 0)
attempt("priority of everybody", lambda: os.setpriority(os.PRIO_PROCESS, 0, -20) or True)
for name, policy in (("fifo", os.SCHED_FIFO), ("round robin", os.SCHED_RR)):
    attempt(name, lambda: os.sched_setscheduler(0, policy, os.sched_param(1)) or True)
raw("sched_setattr", 314, 0, (ctypes.c_uint64 * 7)(56 | 6 << 32, 0, 0, 10000000, 10000000, 10000000, 0), 0)
raw("disk priority", 251, 1, 0, 1 << 13)
