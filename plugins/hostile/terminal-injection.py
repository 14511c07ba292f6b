# attack: type a command into the terminal of the person who started this
# success: a character is accepted
import array
import fcntl
import glob
import os
from support.raw import attempt

TIOCSTI, TIOCLINUX, TIOCSCTTY, TIOCCONS, TIOCSETD = 0x5412, 0x541C, 0x540E, 0x541D, 0x5423
targets = [0, 1, 2]
for path in ["/dev/tty", "/dev/console", "/dev/ptmx"] + glob.glob("/dev/pts/*") + glob.glob("/dev/tty*"):
    opened = attempt("open " + path, lambda: os.open(path, os.O_RDWR | os.O_NOCTTY))
    if opened is not None:
        targets.append(opened)
for target in targets:
    attempt(f"TIOCSTI on {target}", lambda: fcntl.ioctl(target, TIOCSTI, b"\n") is not None)
    # High bits that the kernel ignores and a careless filter compares.
    for request in (TIOCLINUX, TIOCSCTTY, TIOCCONS):
        attempt(f"{request:#x} on {target}", lambda: fcntl.ioctl(target, request, array.array("B", bytes(8))) is not None)
