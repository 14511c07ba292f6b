# attack: speak to a program of the host through a FIFO in a folder granted for reading only
# success: the host's reader gets bytes
import os
from support.raw import attempt, bait

path = bait("SHARED") + "/fifo"
attempt("open", lambda: os.write(os.open(path, os.O_WRONLY | os.O_NONBLOCK), b"owned"))
attempt("open both ways", lambda: os.write(os.open(path, os.O_RDWR | os.O_NONBLOCK), b"owned"))
