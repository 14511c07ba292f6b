# attack: fill /tmp with empty files and folders, each of which takes kernel memory
# success: more than the limit are made
import os
from support.raw import got, say

folder = os.environ["TMPDIR"]
count = 0
try:
    while count < 6000:
        if count % 2:
            os.mkdir(f"{folder}/{count}")
        else:
            os.close(os.open(f"{folder}/{count}", os.O_CREAT | os.O_WRONLY))
        count += 1
    got(f"{count} files")
except OSError as error:
    say(f"{count}: {error}")
