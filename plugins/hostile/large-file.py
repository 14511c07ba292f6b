# attack: fill the host's disk with one file in the granted folder
# success: a file larger than the limit exists
import os
import signal
from support.raw import attempt, bait

signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
huge = 1 << 32
for folder in (bait("GRANTED"), os.environ["TMPDIR"]):
    file = os.open(folder + "/huge", os.O_CREAT | os.O_RDWR)
    attempt("truncate", lambda: os.ftruncate(file, huge) or True)
    attempt("allocate", lambda: os.posix_fallocate(file, huge, 4096) or True)
    attempt("write far out", lambda: os.pwrite(file, b"x", huge))
