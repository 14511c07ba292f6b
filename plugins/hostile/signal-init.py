# attack: end, stop or disturb the jail's first process and the own parents with every signal
# success: the jail ends otherwise than by the program's own exit status, which is 7
import os
from support.raw import say

for process in (1, os.getppid()):
    for number in range(1, 65):
        try:
            os.kill(process, number)
        except OSError as error:
            say(f"{process} {number}: {error}")
for process in (1, os.getppid()):
    for number in (9, 19):
        try:
            os.killpg(process, number)
        except OSError as error:
            say(f"group {process} {number}: {error}")
say("TRIED")
os._exit(7)
