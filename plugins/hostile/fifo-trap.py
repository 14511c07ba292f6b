# attack: put a FIFO where the host expects a plain file, so that its open waits for ever
# success: the host's reading of that path does not return
import os
from support.raw import bait, say

granted = bait("GRANTED")
for name in ("report.txt", "config.json"):
    os.mkfifo(f"{granted}/{name}")
    os.symlink(f"{granted}/{name}", f"{granted}/{name}.link")
say("set")
