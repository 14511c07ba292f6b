# attack: send bytes that are no text
# success: the host crashes, or takes a changed text for what was sent
import os


def go(input):
    for junk in (b"\xff\xfe", b"\xc0\x80", b"\xed\xa0\x80", b"\x00", b"\xf8\x88\x80\x80\x80"):
        os.write(3, b'{"jsonrpc":"2.0","id":2,"result":"' + junk + b'"}\n')
    os.write(3, os.urandom(4096).replace(b"\n", b"") + b"\n")
    return "sent"
