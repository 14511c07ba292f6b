# attack: take a lease on shared files, so that the host's own open waits 45 seconds
# success: a lease is given
import fcntl
import os
import time
from support.raw import attempt, bait

F_SETLEASE, F_NOTIFY = 1024, 1026
path = bait("GRANTED") + "/leased.txt"
open(path, "w").write("x")
write = os.open(path, os.O_RDWR)
attempt("write lease", lambda: fcntl.fcntl(write, F_SETLEASE, fcntl.F_WRLCK) == 0)
read = os.open(bait("SHARED") + "/shared.txt", os.O_RDONLY)
attempt("read lease", lambda: fcntl.fcntl(read, F_SETLEASE, fcntl.F_RDLCK) == 0)
attempt("notify", lambda: fcntl.fcntl(os.open("/usr/share", os.O_RDONLY), F_NOTIFY, 1) == 0)
