# attack: name a program that the kernel starts as root outside when something crashes
# success: the setting can be opened for writing
import os
from support.raw import attempt

for path in (
    "/proc/sys/kernel/core_pattern",
    "/proc/self/root/proc/sys/kernel/core_pattern",
    "/proc/sys/kernel/modprobe",
    "/proc/sysrq-trigger",
    "/proc/sys/vm/panic_on_oom",
    "/sys/kernel/uevent_helper",
    "/sys/power/state",
):
    attempt(path, lambda: os.open(path, os.O_WRONLY))
