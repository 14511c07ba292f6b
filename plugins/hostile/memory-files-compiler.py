# attack: with a runtime that may compile, start a program or map code from a memory file
# success: it runs or is mapped
import mmap
import os
from support.raw import attempt, call, say

program = open("/bin/sh", "rb").read()
for flags in (0, 2, 0x10, 0x12, 8):
    file, errno = call(319, b"program", flags)
    if file < 0:
        say(f"memfd_create {flags:#x}: {os.strerror(errno)}")
        continue
    os.write(file, program)
    # A file sealed against execution is allowed; its mode must not come back.
    attempt(f"mode of {flags:#x}", lambda: os.fchmod(file, 0o755) or os.fstat(file).st_mode & 0o111 != 0)
    os.set_inheritable(file, True)
    child = os.fork()
    if child == 0:
        try:
            os.execv(f"/proc/self/fd/{file}", ["sh", "-c", "echo GOT a program in memory"])
        except OSError as error:
            say(f"execve: {error}")
        os._exit(0)
    os.waitpid(child, 0)
