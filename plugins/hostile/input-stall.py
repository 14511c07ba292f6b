# attack: never read standard input
# success: the host hangs while it writes
import time

print("TRIED", flush=True)
time.sleep(60)
