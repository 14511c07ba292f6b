# attack: never finish loading
# success: the host waits longer than the start may take
import time

time.sleep(600)


def go(input):
    return "late"
