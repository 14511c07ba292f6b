# attack: leave a listening socket in the granted folder, for a host program to talk to
# success: a socket is bound there
import socket
from support.raw import attempt, bait

for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
    attempt(f"kind {int(kind)}", lambda: socket.socket(socket.AF_UNIX, kind).bind(f"{bait('GRANTED')}/socket{int(kind)}") or True)
attempt("pair", lambda: socket.socketpair()[0].bind(bait("GRANTED") + "/pair") or True)
