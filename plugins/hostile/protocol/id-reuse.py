# attack: make many requests with one number, so that the host mixes up who asked for what
# success: the host crashes, or answers one request twice
import os


def go(input):
    for _ in range(12):
        os.write(3, b'{"jsonrpc":"2.0","id":7,"method":"config.read","params":{"key":"a"}}\n')
    return "true answer"
