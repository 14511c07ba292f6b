# attack: connect to a socket of the host that has a name but no file
# success: the host's listener gets a connection
import socket
from support.raw import attempt, bait

for name in (bait("ABSTRACT"), "/tmp/.X11-unix/X0", "/containerd-shim/x.sock"):
    def connect():
        link = socket.socket(socket.AF_UNIX)
        link.connect("\0" + name)
        return link.send(b"owned")

    attempt(name, connect)
