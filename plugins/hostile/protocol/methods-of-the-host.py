# attack: send the host what only the host may send, and names that do not exist
# success: the host obeys or crashes
import os


def go(input):
    for method in ("initialize", "call", "shutdown", "ready", "", "__proto__", "files.read\\u0000", "x" * 5000):
        os.write(3, b'{"jsonrpc":"2.0","id":9,"method":"%s","params":{}}\n' % method.encode())
        os.write(3, b'{"jsonrpc":"2.0","method":"%s"}\n' % method.encode())
    return "true answer"
