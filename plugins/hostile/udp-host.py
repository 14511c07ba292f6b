# attack: send datagrams to a UDP service of the host, and ask it for names
# success: the host's socket gets a datagram
import socket
from support.raw import attempt, bait

port = int(bait("UDP"))
query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x07example\x03com\x00\x00\x01\x00\x01"
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, "255.255.255.255"), (socket.AF_INET6, "::1")):
    attempt(address, lambda: socket.socket(family, socket.SOCK_DGRAM).sendto(query, (address, port)))
attempt("lite", lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM, 136).sendto(query, ("127.0.0.1", port)))
