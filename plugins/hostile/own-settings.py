# attack: make the kernel spare this process, or change its identity, through its own /proc files
# success: one of them opens for writing
import os
from support.raw import attempt

for name in ("oom_score_adj", "oom_adj", "loginuid", "uid_map", "gid_map", "setgroups", "mem", "clear_refs",
             "timerslack_ns", "coredump_filter", "attr/current", "attr/exec", "sched", "autogroup", "comm", "fail-nth"):
    attempt(name, lambda: os.open("/proc/self/" + name, os.O_WRONLY))
