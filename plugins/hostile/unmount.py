# attack: take mounts away, to see what lies below them
# success: an unmount succeeds
from support.raw import raw

for path in (b"/proc", b"/tmp", b"/usr/share", b"/"):
    raw(f"umount {path}", 166, path, 2)
