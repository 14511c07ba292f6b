# attack: burn processor time in every process it may have
# success: it gets more than its share
import os

print("TRIED", flush=True)
os.fork()
while True:
    pass
