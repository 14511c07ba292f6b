# attack: start a program that lies in no file at all
# success: it runs
import os
from support.raw import bait, call, say

program = open("/bin/sh", "rb").read()
for flags in (0, 1, 2, 0x10, 0x8):
    file, errno = call(319, b"program", flags)
    if file < 0:
        say(f"memfd_create {flags}: {os.strerror(errno)}")
        continue
    os.write(file, program)
    os.set_inheritable(file, True)
    child = os.fork()
    if child == 0:
        arguments = [b"sh", b"-c", b"echo GOT a program in memory"]
        try:
            os.execv(f"/proc/self/fd/{file}", arguments)
        except OSError as error:
            say(f"execve: {error}")
        try:
            os.execve(file, arguments, {})
        except OSError as error:
            say(f"fexecve: {error}")
        os._exit(0)
    os.waitpid(child, 0)
