# attack: change owner and group of files in the granted folder
# success: a file on the host belongs to somebody else
import os
from support.raw import attempt, bait

path = bait("GRANTED") + "/mine"
open(path, "w").write("x")
for user, group in ((0, 0), (0, -1), (-1, 0), (12345, -1), (-1, 12345), (65534, 65534)):
    attempt(f"{user}:{group}", lambda: os.chown(path, user, group) or True)
