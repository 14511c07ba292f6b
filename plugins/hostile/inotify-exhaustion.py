# attack: use up the file watchers of the user, so that editors and servers of the host get none
# success: more than a jail's share are held
import os
from support.raw import call, got, say

count = 0
while count < 40:
    result, errno = call(294, 0)
    if result < 0:
        say(f"{count}: {os.strerror(errno)}")
        break
    count += 1
else:
    got(f"{count} watchers")
