# attack: read and leave keys in the kernel's keyrings, which are shared by user
# success: a call is performed
from support.raw import raw, reached

raw("add", 248, b"user", b"hostile", b"payload", 7, -2)
raw("session id", 250, 0, -3, 0)
raw("read session", 250, 11, -3, 0, 0)
reached("request", 249, b"user", b"hostile", 0, 0)
