# attack: speak to the hypervisor or to sister machines over VSOCK
# success: a socket is made
import socket
from support.raw import attempt

for port in (22, 1024, 9999):
    def connect():
        link = socket.socket(40, socket.SOCK_STREAM)
        link.settimeout(0.2)
        return link

    attempt(f"port {port}", connect)
