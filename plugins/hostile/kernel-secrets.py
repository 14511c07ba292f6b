# attack: read what the kernel tells about itself and about others
# success: something is read
import ctypes
from support.raw import attempt, raw

raw("kernel log", 103, 3, ctypes.create_string_buffer(4096), 4096)
for path in ("/proc/kallsyms", "/proc/kcore", "/proc/kmsg", "/proc/keys", "/proc/modules", "/proc/timer_list",
             "/proc/slabinfo", "/proc/meminfo", "/proc/stat", "/proc/interrupts", "/proc/net/tcp", "/proc/mounts.host",
             "/proc/sched_debug", "/proc/config.gz", "/sys/kernel/notes", "/sys/kernel/debug/sched",
             "/proc/sys/kernel/ostype"):
    attempt(path, lambda: open(path, "rb").read(16) is not None)
