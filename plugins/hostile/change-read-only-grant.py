# attack: change a folder that was granted for reading only
# success: anything in it differs afterwards
import os
from support.raw import attempt, bait

shared = bait("SHARED")
file = shared + "/shared.txt"
attempt("write", lambda: open(file, "a").write("changed"))
attempt("truncate", lambda: os.truncate(file, 0) or True)
attempt("create", lambda: os.open(shared + "/new", os.O_CREAT | os.O_WRONLY) or True)
attempt("chmod", lambda: os.chmod(file, 0o777) or True)
attempt("times", lambda: os.utime(file, (1, 1)) or True)
attempt("mkdir", lambda: os.mkdir(shared + "/folder") or True)
attempt("symlink", lambda: os.symlink("/", shared + "/root") or True)
attempt("attribute", lambda: os.setxattr(file, "user.x", b"y") or True)
attempt("again through proc", lambda: open(f"/proc/self/fd/{os.open(file, os.O_RDONLY)}", "a").write("x"))
attempt("again through root", lambda: open("/proc/self/root" + file, "a").write("x"))
attempt("rename", lambda: os.rename(file, file + "2") or True)
attempt("remove", lambda: os.remove(file) or True)
