# attack: configure the network and listen to kernel events over netlink
# success: a socket is made
import socket
from support.raw import attempt

for protocol in (0, 4, 6, 9, 10, 12, 15, 16, 20):
    for kind in (socket.SOCK_RAW, socket.SOCK_DGRAM):
        attempt(f"protocol {protocol}", lambda: socket.socket(16, kind, protocol))
