# attack: ignore every signal and never end
# success: the host cannot end it in time
import signal
import time

for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
print("TRIED", flush=True)
while True:
    time.sleep(60)
