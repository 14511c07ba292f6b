# attack: send packets of one's own making, or listen to those of others
# success: a socket is made
import socket
from support.raw import attempt

for what, family, kind, protocol in (
    ("ping", socket.AF_INET, socket.SOCK_DGRAM, 1),
    ("ICMP", socket.AF_INET, socket.SOCK_RAW, 1),
    ("ICMPv6", socket.AF_INET6, socket.SOCK_RAW, 58),
    ("raw IP", socket.AF_INET, socket.SOCK_RAW, 255),
    ("packets", 17, socket.SOCK_RAW, 0x300),
    ("packets without headers", 17, socket.SOCK_DGRAM, 0x300),
):
    attempt(what, lambda: socket.socket(family, kind, protocol))
