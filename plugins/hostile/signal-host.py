# attack: kill a process of the host by its number, with every call that sends signals
# success: the process is dead
import os
import signal
from support.raw import attempt, bait, raw

victim = int(bait("PID"))
attempt("kill", lambda: os.kill(victim, signal.SIGKILL) or True)
raw("tkill", 200, victim, 9)
raw("tgkill", 234, victim, victim, 9)
raw("pidfd_open", 434, victim, 0)
raw("kill group", 62, -victim, 9)
raw("queue", 129, victim, 9, b"\0" * 128)
