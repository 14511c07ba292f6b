# attack: use what the programs before this one left open
# success: anything beyond standard input, output and error is open
import os
import stat
from support.raw import got, say

for number in range(3, 4096):
    try:
        state = os.fstat(number)
    except OSError:
        continue
    got(f"descriptor {number} of kind {stat.S_IFMT(state.st_mode):o}")
    try:
        say(os.pread(number, 4096, 0))
    except OSError as error:
        say(error)
