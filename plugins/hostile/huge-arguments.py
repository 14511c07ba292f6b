# attack: start programs with as many and as long arguments as the kernel takes
# success: more than the limits of the kernel get through
import os
from support.raw import got, say

for count, size in ((20, 130_000), (100_000, 20), (3, 3_000_000)):
    child = os.fork()
    if child == 0:
        try:
            os.execve("/bin/true", ["x" * size] * count, {"A": "b" * size})
        except OSError as error:
            say(error)
        os._exit(1)
    _, status = os.waitpid(child, 0)
    if status == 0 and count * size > 6_000_000:
        got(f"{count} arguments of {size}")
