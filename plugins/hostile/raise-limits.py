# attack: raise the own limits, or those of the first process
# success: one is raised, or the first process answers
import ctypes
import resource
from support.raw import attempt, raw

for name in ("CORE", "NOFILE", "FSIZE", "NPROC", "MEMLOCK", "NICE", "RTPRIO", "SIGPENDING", "STACK", "MSGQUEUE"):
    number = getattr(resource, "RLIMIT_" + name)
    hard = resource.getrlimit(number)[1]
    higher = resource.RLIM_INFINITY if hard == 0 else hard * 2
    if hard != resource.RLIM_INFINITY:
        attempt(name, lambda: resource.setrlimit(number, (hard, higher)) or True)
old = (ctypes.c_uint64 * 2)()
raw("read a limit of the first process", 302, 1, 7, 0, old)
raw("set a limit of the first process", 302, 1, 7, old, 0)
