"""What the hostile programs in Python share: raw system calls and a last line.

A program prints `GOT ...` when it believes that it broke something, and this
module prints `TRIED` at its end, so that an attack that never ran is not taken
for one that failed.
"""
import atexit
import ctypes
import os
import sys

libc = ctypes.CDLL(None, use_errno=True)
libc.syscall.restype = ctypes.c_long
main = os.getpid()


def call(number, *arguments):
    """Makes the system call; gives its result and its error number."""
    ctypes.set_errno(0)
    plain = [ctypes.c_long(a) if isinstance(a, int) else a for a in arguments]
    result = libc.syscall(ctypes.c_long(number), *plain)
    return result, ctypes.get_errno() if result == -1 else 0


def got(what):
    print("GOT", what, flush=True)


def say(what):
    print(what, flush=True)


def attempt(what, work):
    """Runs `work`; it is a success unless it raises or gives None or False."""
    try:
        result = work()
    except (OSError, ValueError, ImportError) as error:
        say(f"{what}: {error}")
        return None
    if result is None or result is False:
        say(f"{what}: no")
        return None
    got(what)
    return result


def raw(what, number, *arguments):
    """A call that is a success when the kernel performs it."""
    result, errno = call(number, *arguments)
    if result == -1:
        say(f"{what}: {os.strerror(errno)}")
        return None
    got(what)
    return result


def reached(what, number, *arguments):
    """A call with harmless nonsense: a success when it is judged by its
    arguments instead of being refused for what it is."""
    result, errno = call(number, *arguments)
    if result == -1 and errno in (1, 13, 38):
        say(f"{what}: {os.strerror(errno)}")
    else:
        got(what)


def bait(name):
    return os.environ["BAIT_" + name]


def last_line():
    if os.getpid() == main:
        try:
            print("TRIED", flush=True)
        except OSError:
            pass


atexit.register(last_line)
sys.stdout.reconfigure(line_buffering=True)
