# attack: give a file of the granted folder capabilities, for a person of the host to start
# success: the attribute is set
import os
from support.raw import attempt, bait

path = bait("GRANTED") + "/capable"
open(path, "w").write("#!/bin/sh\n")
value = bytes.fromhex("0100000200000020000000000000000000000000")
for name in ("security.capability", "trusted.overlay.opaque", "security.selinux", "user.note", "system.posix_acl_access"):
    attempt(name, lambda: os.setxattr(path, name, value) or True)
