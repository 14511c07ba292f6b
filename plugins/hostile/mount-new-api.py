# attack: mount with the calls of newer kernels, which old filters do not know
# success: any of them gives a descriptor or changes a mount
import ctypes
from support.raw import raw, call, got, say

context = raw("fsopen", 430, b"tmpfs", 0)
raw("open_tree clone", 428, -100, b"/", 1)
raw("open_tree_attr", 467, -100, b"/", 1, 0, 0)
raw("fspick", 433, -100, b"/", 0)
attributes = (ctypes.c_uint64 * 4)(0, 1, 0, 0)
raw("mount_setattr", 442, -100, b"/usr", 0, attributes, 32)
raw("statmount", 457, 0, 0, 0, 0)
tree, _ = call(428, -100, b"/", 1)
if tree >= 0 and call(429, tree, b"", -100, b"/tmp", 4)[0] == 0:
    got("move_mount")
else:
    say("move_mount: no")
