# attack: fill the host's memory with cached file pages
# success: more than the limit is charged
import os
from support.raw import bait, say

block = b"x" * (1 << 20)
with open(bait("GRANTED") + "/cached", "wb", buffering=0) as file:
    for _ in range(90):
        file.write(block)
say("written")
