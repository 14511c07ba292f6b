# attack: make a socket of any family and kind there is
# success: one is made
import os
from support.raw import call, got, say

made = 0
for family in range(0, 64):
    for kind in (1, 2, 3, 4, 5, 6, 10):
        result, _ = call(41, family, kind, 0)
        if result >= 0:
            os.close(result)
            got(f"family {family} kind {kind}")
            made += 1
    if family not in (0, 1):
        import ctypes
        pair = (ctypes.c_int * 2)()
        if call(53, family, 1, 0, pair)[0] == 0:
            got(f"pair of family {family}")
say(f"{made} made")
