# attack: leave links to host files in a granted folder and read through them
# success: the secret of the host is printed
import os
from support.raw import bait, say

secret, granted = bait("SECRET"), bait("GRANTED")
for name, target in (
    ("absolute", secret),
    ("relative", "../" * 30 + secret.lstrip("/")),
    ("magic", "/proc/self/root" + secret),
    ("magic-init", "/proc/1/root" + secret),
    ("folder", os.path.dirname(secret)),
):
    link = os.path.join(granted, name)
    try:
        os.symlink(target, link)
        path = os.path.join(link, os.path.basename(secret)) if name == "folder" else link
        say(open(path).read())
    except OSError as error:
        say(f"{name}: {error}")
