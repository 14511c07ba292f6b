# attack: make threads up to any limit
# success: more than the limit exist
import threading
import time
from support.raw import got, say

threads = 0
try:
    while threads < 60:
        threading.Thread(target=time.sleep, args=(0.5,), daemon=True).start()
        threads += 1
    got(f"{threads} threads")
except RuntimeError as error:
    say(f"{threads}: {error}")
