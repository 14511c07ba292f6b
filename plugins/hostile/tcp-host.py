# attack: connect to a TCP service of the host
# success: the host's listener gets a connection
import socket
from support.raw import attempt, bait

port = int(bait("TCP"))
for address in ("127.0.0.1", "localhost", "0.0.0.0", "::1", "::ffff:127.0.0.1", "169.254.169.254", "127.1.2.3"):
    attempt(address, lambda: socket.create_connection((address, port), timeout=0.2).send(b"owned"))
