# attack: change user and group
# success: an identity differs from before
import os
from support.raw import attempt, got

before = os.getresuid(), os.getresgid(), os.getgroups()
for user in (0, 65534, 1, 1001):
    attempt(f"setuid {user}", lambda: os.setresuid(user, user, user) or os.getresuid() != before[0])
    attempt(f"seteuid {user}", lambda: os.seteuid(user) or os.getresuid() != before[0])
    attempt(f"setgid {user}", lambda: os.setresgid(user, user, user) or os.getresgid() != before[1])
    attempt(f"setgroups {user}", lambda: os.setgroups([user]) or os.getgroups() != before[2])
if (os.getresuid(), os.getresgid(), os.getgroups()) != before:
    got("another identity")
