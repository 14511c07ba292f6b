# attack: mount something over what the jail shows, with mount(2)
# success: any mount call succeeds
from support.raw import raw

MOUNT, BIND, REMOUNT, PRIVATE, REC = 165, 4096, 32, 1 << 18, 16384
raw("tmpfs", MOUNT, b"none", b"/tmp", b"tmpfs", 0, 0)
raw("proc", MOUNT, b"none", b"/tmp", b"proc", 0, 0)
raw("bind", MOUNT, b"/", b"/tmp", 0, BIND, 0)
raw("remount", MOUNT, 0, b"/", 0, BIND | REMOUNT, 0)
raw("remount usr", MOUNT, 0, b"/usr/share", 0, BIND | REMOUNT, 0)
raw("propagation", MOUNT, 0, b"/", 0, PRIVATE | REC, 0)
