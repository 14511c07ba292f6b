# attack: connect with MPTCP or SCTP, which filters for TCP do not see
# success: the host's listener gets a connection
import socket
from support.raw import attempt, bait

for protocol in (262, 132, 33):
    def connect():
        link = socket.socket(socket.AF_INET, socket.SOCK_STREAM, protocol)
        link.settimeout(0.3)
        link.connect(("127.0.0.1", int(bait("TCP"))))
        return link.send(b"owned")

    attempt(f"protocol {protocol}", connect)
