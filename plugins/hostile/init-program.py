# attack: read or overwrite the program of the jail's first process, as CVE-2019-5736 did
# success: it can be opened or even seen
import os
from support.raw import attempt

for path in ("/proc/1/exe", "/proc/self/../1/exe", "/proc/1/fd/0", "/proc/1/map_files", "/proc/1/maps"):
    attempt("see " + path, lambda: os.readlink(path) if "exe" in path or "fd" in path else os.stat(path))
    for flags in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR, os.O_PATH):
        attempt(f"open {path} {flags}", lambda: os.open(path, flags))
