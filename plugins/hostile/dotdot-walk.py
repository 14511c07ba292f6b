# attack: climb out with `..` from every folder that is open or visible
# success: the secret of the host is printed
import os
from support.raw import bait, say

secret = bait("SECRET")
for start in ("/", "/tmp", "/proc/self/cwd", "/proc/self/fd", bait("GRANTED"), bait("SHARED"), "/usr/share"):
    for path in (start + "/.." * 24 + secret, start + "/../.." + secret):
        try:
            say(open(path).read())
        except OSError:
            pass
    try:
        folder = os.open(start, os.O_RDONLY | os.O_DIRECTORY)
        for _ in range(24):
            up = os.open("..", os.O_RDONLY | os.O_DIRECTORY, dir_fd=folder)
            os.close(folder)
            folder = up
        say(open(os.open(secret.lstrip("/"), os.O_RDONLY, dir_fd=folder)).read())
    except OSError:
        pass
