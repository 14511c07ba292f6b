# attack: the one kind of socket that may be made, a pair, sends datagrams to any address:
#         speak to a host program whose socket lies in a folder granted for reading only
# success: the host's socket gets a datagram
import socket
from support.raw import attempt, bait

for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK):
    def send():
        ours, _ = socket.socketpair(socket.AF_UNIX, kind)
        return ours.sendto(b"owned", bait("SHARED") + "/datagrams")

    attempt(f"pair of kind {int(kind)}", send)
    attempt("abstract", lambda: socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b"owned", "\0" + bait("ABSTRACT")))
