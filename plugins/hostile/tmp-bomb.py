# attack: fill /tmp, which lives in memory
# success: more bytes than the limit fit
import os
from support.raw import got, say

block = b"x" * (1 << 20)
total = 0
try:
    for number in range(4):
        with open(f"{os.environ['TMPDIR']}/{number}", "wb", buffering=0) as file:
            for _ in range(10):
                total += file.write(block)
except OSError as error:
    say(error)
if total > 17 << 20:
    got(f"{total} bytes")
say(f"{total} bytes")
