# attack: change the root of the mount namespace
# success: pivot_root succeeds or is judged by its arguments
from support.raw import reached

reached("pivot_root", 155, b".", b".")
reached("pivot_root to tmp", 155, b"/tmp", b"/tmp")
