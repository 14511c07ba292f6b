# attack: learn which machine this is
# success: its name, its users or its serial numbers are known
import os
from support.raw import attempt, bait, got, say

if os.uname().nodename == bait("HOSTNAME") or bait("HOSTNAME") in open("/etc/hosts").read().split()[4:]:
    got("the host's name")
for path in ("/etc/hostname", "/etc/machine-id", "/var/lib/dbus/machine-id", "/sys/class/dmi/id/product_uuid",
             "/proc/sys/kernel/random/boot_id", "/etc/resolv.conf", "/etc/shadow", "/proc/cmdline", "/proc/version"):
    attempt(path, lambda: open(path).read())
if "root:" in open("/etc/passwd").read():
    got("the host's users")
if os.path.exists("/proc/" + bait("PID")):
    got("the host's processes")
