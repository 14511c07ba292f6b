# attack: connect to Unix sockets of the host by path, also where the path is granted
# success: the host's listener gets a connection
import socket
from support.raw import attempt, bait

for path in (bait("UNIX"), bait("SHARED") + "/stream", "/run/docker.sock", "/run/dbus/system_bus_socket"):
    def connect():
        link = socket.socket(socket.AF_UNIX)
        link.connect(path)
        return link.send(b"owned")

    attempt(path, connect)
