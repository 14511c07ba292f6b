# attack: hard link files that may only be read into a folder that may be written
# success: a link to a file outside the granted folder is made
import os
from support.raw import attempt, bait, libc, raw

granted = bait("GRANTED")
for number, source in enumerate((bait("SHARED") + "/shared.txt", bait("SECRET"), "/usr/share/hostname", "/etc/passwd")):
    target = f"{granted}/link{number}"
    attempt(f"link {source}", lambda: os.link(source, target) or True)
    attempt(f"rename {source}", lambda: os.rename(source, target + "r") or True)
source = os.open(bait("SHARED") + "/shared.txt", os.O_RDONLY)
raw("linkat by descriptor", 265, source, b"", -100, f"{granted}/empty-path".encode(), 0x1000)
raw("linkat by proc", 265, -100, f"/proc/self/fd/{source}".encode(), -100, f"{granted}/by-proc".encode(), 0x400)
