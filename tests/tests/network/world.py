"""An internet of its own, beside the network namespace that this is started in.

That namespace is the machine of the tests. The hosts below are in another one, at
the other end of a cable, and the capture sees every packet that leaves the machine
or goes to itself. Prints one line of JSON when everything answers; then reads commands,
one a line, and answers each with one line of JSON. Ends at the end of input.
"""
import base64
import contextlib
import ctypes
import gzip
import http.server
import json
import os
import queue
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time
import urllib.parse
import zlib

NAMES = {
    # The allowed one, and its sibling on another address.
    "allowed.example": ["93.184.216.10"],
    "sibling.example": ["93.184.216.11"],
    # What a search below the domain of the sibling would find.
    "allowed.example.sibling.example": ["93.184.216.11"],
    "sub.allowed.example": ["93.184.216.12"],
    "six.example": ["2606:2800:220:1::10"],
    "both.example": ["93.184.216.10", "2606:2800:220:1::10"],
    # Names that lead where no plugin has business.
    "loopback.example": ["127.0.0.1"],
    "private.example": ["10.1.2.3"],
    "metadata.example": ["169.254.169.254"],
    "mapped.example": ["::ffff:10.1.2.3"],
    "nat64.example": ["64:ff9b::a01:203"],
    "mixed.example": ["10.1.2.3", "93.184.216.10"],
    "xn--bcher-kva.example": ["93.184.216.10"],
    # An address of the machine itself that looks like any other.
    "own.example": ["93.184.216.99"],
    # Many receivers, or all of a network.
    "many.example": ["224.0.0.251"],
    "everybody.example": ["255.255.255.255"],
}
OWN = "93.184.216.99"
# Of hosts, and none that a name leads to first.
STRANGER, SIX_STRANGER = "100.64.0.2", "fd00:7e57::2"
# One answer after the other: public first, private ever after.
REBINDING = {"rebinding.example": ["93.184.216.10", "10.1.2.3"]}
HOSTS = sorted({a for all in NAMES.values() for a in all if not a.startswith(("127.", "::ffff", "64:", "224.", "255.", OWN))})
NAME_SERVER = "127.0.0.53"
FOLDER = sys.argv[1]
sys.path.insert(0, FOLDER)
import shops

# Where a packet of our own goes: whatever was sent before it has been seen.
MARK = ("127.0.0.9", 9)
asked, seen, heads, lock, marked = [], [], [], threading.Lock(), threading.Event()
stored = []


def run(*words):
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


class Outside(threading.Thread):
    """A thread in a network namespace of its own: what it starts is out there."""

    def __init__(self):
        super().__init__(daemon=True)
        self.work, self.number = queue.Queue(), queue.Queue()
        self.start()
        self.number = self.number.get()

    def run(self):
        if ctypes.CDLL(None, use_errno=True).unshare(0x40000000):
            raise OSError(ctypes.get_errno(), "unshare")
        self.number.put(threading.get_native_id())
        while True:
            act, done = self.work.get()
            try:
                done.put((act(), None))
            except BaseException as error:
                done.put((None, error))

    def do(self, act):
        done = queue.Queue()
        self.work.put((act, done))
        result, error = done.get()
        if error:
            raise error
        return result


def cable(outside):
    """Between the machine and the hosts; all the world is at its other end."""

    def there():
        run("ip", "link", "set", "lo", "up")
        run("ip", "address", "add", "100.64.0.2/30", "dev", "far")
        run("ip", "-6", "address", "add", "fd00:7e57::2/64", "dev", "far", "nodad")
        run("ip", "link", "set", "far", "up")
        for address in HOSTS:
            run("ip", "address", "add", address + ("/128" if ":" in address else "/32"), "dev", "lo")

    run("ip", "link", "set", "lo", "up")
    run("ip", "link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(outside.number))
    run("ip", "address", "add", "100.64.0.1/30", "dev", "near")
    run("ip", "-6", "address", "add", "fd00:7e57::1/64", "dev", "near", "nodad")
    run("ip", "address", "add", OWN + "/32", "dev", "near")
    run("ip", "link", "set", "near", "up")
    outside.do(there)
    run("ip", "route", "add", "default", "via", "100.64.0.2")
    run("ip", "-6", "route", "add", "default", "via", "fd00:7e57::2")


def files():
    with open(FOLDER + "/resolv.conf", "w") as file:
        file.write(f"nameserver {NAME_SERVER}\noptions timeout:1 attempts:1 ndots:5\nsearch sibling.example\n")
    with open(FOLDER + "/hosts", "w") as file:
        file.write("127.0.0.1 localhost\n93.184.216.12 table.example # of this machine\n")
    run("mount", "--make-rprivate", "/")
    run("mount", "--bind", FOLDER + "/resolv.conf", "/etc/resolv.conf")
    run("mount", "--bind", FOLDER + "/hosts", "/etc/hosts")


def capture():
    """Every packet of the machine: [protocol, destination, port, whether it opens a connection, bytes of data]."""
    sniffer = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    # SO_RCVBUFFORCE: room for what waits to be looked at. Older kernels give it to
    # the machine's own root alone.
    with contextlib.suppress(PermissionError):
        sniffer.setsockopt(socket.SOL_SOCKET, 33, 1 << 26)
    def follow():
        while True:
            packet, place = sniffer.recvfrom(65535)
            if place[2] != socket.PACKET_OUTGOING:
                continue
            kind = struct.unpack("!H", packet[12:14])[0]
            if kind == 0x0800:
                rest, protocol = packet[14 + (packet[14] & 15) * 4 :], packet[23]
                to = socket.inet_ntop(socket.AF_INET, packet[30:34])
            elif kind == 0x86DD:
                rest, protocol = packet[54:], packet[20]
                to = socket.inet_ntop(socket.AF_INET6, packet[38:54])
            else:
                continue
            if protocol in (0, 58):
                # What IPv6 does on a cable by itself. No plugin can: no socket of its
                # jail speaks ICMP, and nothing else is sent for one.
                continue
            port = struct.unpack("!H", rest[2:4])[0] if protocol in (6, 17) else 0
            if to == MARK[0] and port == MARK[1]:
                marked.set()
                continue
            opens = protocol == 6 and rest[13] & 0x12 == 2
            length = len(rest) - (rest[12] >> 4) * 4 if protocol == 6 else len(rest)
            with lock:
                seen.append([protocol, to, port, opens, length])

    threading.Thread(target=follow, daemon=True).start()
    return sniffer


def settle():
    """Waits until every connection has ended and every packet was seen."""
    listening_or_over = ("0A", "06")
    for _ in range(300):
        lines = []
        for table in ("tcp", "tcp6"):
            with open("/proc/self/net/" + table) as file:
                lines += file.readlines()[1:]
        if all(line.split()[3] in listening_or_over for line in lines):
            break
        time.sleep(0.01)
    marked.clear()
    # To a socket that is there, else the kernel would answer with one more packet.
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mark:
        mark.bind(MARK)
        mark.sendto(b"mark", MARK)
        while not marked.wait(1):
            mark.sendto(b"mark", MARK)


def question(packet):
    labels, at = [], 12
    while packet[at]:
        labels.append(packet[at + 1 : at + 1 + packet[at]].decode("latin-1").lower())
        at += packet[at] + 1
    return ".".join(labels), struct.unpack("!H", packet[at + 1 : at + 3])[0], at + 5


def name_server():
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind((NAME_SERVER, 53))

    def answer():
        while True:
            packet, client = server.recvfrom(4096)
            name, kind, end = question(packet)
            with lock:
                asked.append([name, kind])
            if name == "silent.example":
                continue
            found = NAMES.get(name)
            if name in REBINDING:
                found = REBINDING[name][:1]
                # The address changes as soon as it was given out.
                if kind == 1 and len(REBINDING[name]) > 1:
                    REBINDING[name].pop(0)
            records = b""
            count = 0
            for address in found or []:
                family = socket.AF_INET6 if ":" in address else socket.AF_INET
                if kind == (28 if ":" in address else 1):
                    data = socket.inet_pton(family, address)
                    records += struct.pack("!HHHIH", 0xC00C, kind, 1, 0, len(data)) + data
                    count += 1
            code = 0 if found is not None else 3
            head = packet[:2] + struct.pack("!HHHHH", 0x8180 | code, 1, count, 0, 0)
            server.sendto(head + packet[12:end] + records, client)

    threading.Thread(target=answer, daemon=True).start()


meetings = {}
vault = {"asked": 0}


def meet(count):
    """Whether so many came within half a minute; whoever is early waits."""
    with lock:
        meeting = meetings.setdefault(count, threading.Barrier(count))
    try:
        meeting.wait(30)
        return True
    except threading.BrokenBarrierError:
        return False


class Web(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self, body, kind="text/plain", more=(), status=200):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in more:
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def do_GET(self):
        with lock:
            heads.append(self.requestline + "\n" + str(self.headers))
        length = int(self.headers.get("Content-Length") or 0)
        sent = self.rfile.read(length) if length else b""
        path = self.path.split("?")[0]
        if path == "/to":
            self.send_response(302)
            self.send_header("Location", self.path.split("?", 1)[1])
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path.startswith(shops.PATHS):
            shops.answer(self, sent)
        elif path == "/meet":
            self.answer(b"met" if meet(int(self.path.split("?", 1)[1])) else b"alone")
        elif path == "/v1/echo":
            # Another protocol: everything said comes back, until a `q`.
            self.send_response(101)
            self.send_header("Connection", "Upgrade")
            self.end_headers()
            self.close_connection = True
            while (said := self.connection.recv(65536)) and self.wfile.write(said):
                if b"q" in said:
                    break
        elif path == "/stored":
            # What it was sent in a field or a query before, whoever asks now.
            query = urllib.parse.parse_qs(urllib.parse.urlsplit(self.path).query)
            if kept := self.headers.get("X-Key") or "".join(query.get("key", [])):
                stored.append(kept)
            cut = slice(*map(int, self.headers.get("Range", "bytes=0-9999")[6:].split("-")))
            self.answer(("stored " + stored[-1] if stored else "nothing").encode()[cut])
        elif path == "/wait":
            # A stream that tells what comes to be stored after it began.
            self.send_response(200)
            self.end_headers()
            self.close_connection = True
            self.wfile.write(b"begun\n")
            for _ in range(400):
                if stored:
                    self.wfile.write(stored[-1].encode() + b"\n")
                    break
                time.sleep(0.01)
        elif path == "/cut":
            self.answer(self.headers["X-Key"][: int(self.path.split("?", 1)[1])].encode())
        elif path == "/late":
            time.sleep(2.5)
            self.answer(b"late\n")
        elif path == "/bytes":
            self.answer(b"x" * int(self.path.split("?", 1)[1]))
        elif path == "/v1/secret/data/app":
            # A vault: a new value for everyone who asks, three times.
            vault["asked"] += 1
            if self.headers.get("X-Vault-Token") != "hvs.token-of-a-test":
                self.answer(b'{"errors":["permission denied"]}', status=403)
            elif vault["asked"] > 3:
                self.answer(b'{"errors":["Vault is sealed"]}', status=503)
            else:
                data = {"data": {"key": f"sk-of-the-vault-{vault['asked']}"}, "metadata": {"version": 1}}
                self.answer(json.dumps({"data": data}).encode(), "application/json")
        elif path == "/shown":
            # What was sent in the query, in the ways of those who show it.
            sent = dict(urllib.parse.parse_qsl(self.path.split("?", 1)[1]))
            key, how = sent.get("key", ""), sent["how"]
            quoted = urllib.parse.quote(key, "")
            forms = {
                "plain": key,
                "quoted": quoted,
                "path": urllib.parse.quote(key),
                "lower": re.sub("%..", lambda escape: escape[0].lower(), quoted),
                "form": urllib.parse.quote_plus(key),
                "twice": urllib.parse.quote(quoted),
                "thrice": urllib.parse.quote(urllib.parse.quote(quoted)),
                "all": "".join(f"%{byte:02x}" for byte in key.encode()),
                "json": json.dumps({"key": key}),
            }
            if "to" in sent:
                more = [("Location", f"https://{sent['to']}/x?key={forms[how]}")]
                self.answer(b"", more=more, status=302)
            else:
                self.answer(b"shown " + forms[how].encode() + b" end")
        elif path == "/reflect":
            head, how = str(self.headers).encode() + sent, self.path.split("?", 1)[-1]
            forms = {
                "plain": lambda: head,
                "json": lambda: json.dumps({"head": head.decode()}).encode(),
                "base64": lambda: base64.b64encode(head),
                "hex": lambda: head.hex().encode(),
                "gzip": lambda: gzip.compress(head),
                "deflate": lambda: zlib.compress(head),
                "header": lambda: b"",
                "range": lambda: head[slice(*map(int, self.headers.get("Range", "bytes=0-9999")[6:].split("-")))],
                "chunks": lambda: head,
            }
            body = forms[how]()
            if how == "chunks":
                # One byte in each, so that no form of anything stands in one piece.
                self.send_response(200)
                self.send_header("Transfer-Encoding", "chunked")
                self.end_headers()
                for byte in body if self.command != "HEAD" else b"":
                    self.wfile.write(b"1\r\n" + bytes([byte]) + b"\r\n")
                if self.command != "HEAD":
                    self.wfile.write(b"0\r\n\r\n")
                return
            more = [("Content-Encoding", how)] if how in ("gzip", "deflate") else []
            if how == "header":
                more = [("X-Shown", self.headers.get("X-Key", ""))]
            self.answer(body, "text/plain", more)
        else:
            words = f"hello {self.headers.get('Host')} {self.command} {self.path} {len(sent)}\n"
            self.answer(words.encode())

    do_POST = do_PUT = do_DELETE = do_HEAD = do_GET

    def log_message(self, *words):
        pass


class Server(http.server.ThreadingHTTPServer):
    request_queue_size = 1024
    daemon_threads = True

    def __init__(self, address, handler):
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, handler)

    def server_bind(self):
        # Without asking for its own name, as http.server does.
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_name, self.server_port = self.server_address[:2]


def certificates():
    """An authority, and one certificate for every name of this world."""
    names = ",".join("DNS:" + name for name in [*NAMES, *REBINDING])
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", "/CN=authority of a test", "-keyout", FOLDER + "/ca.key",
        "-out", FOLDER + "/ca.pem", "-addext", "keyUsage=critical,keyCertSign")
    run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
        "-days", "2", "-subj", "/CN=a host of a test", "-keyout", FOLDER + "/host.key",
        "-out", FOLDER + "/host.pem", "-CA", FOLDER + "/ca.pem", "-CAkey", FOLDER + "/ca.key",
        "-addext", "subjectAltName=" + names, "-addext", "basicConstraints=critical,CA:FALSE")


def servers(addresses):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(FOLDER + "/host.pem", FOLDER + "/host.key")
    for address in addresses:
        for port, secure in [(80, False), (443, True), (8080, False)]:
            server = Server((address, port, 0, 0) if ":" in address else (address, port), Web)
            if secure:
                server.socket = context.wrap_socket(
                    server.socket, server_side=True, do_handshake_on_connect=False
                )
            threading.Thread(target=server.serve_forever, daemon=True).start()
        # Speaks first, then says everything back.
        threading.Thread(target=greeter, args=(address,), daemon=True).start()


def datagram_servers(addresses):
    for address in addresses:
        for port in (53, 7000, 7001):
            threading.Thread(target=datagrams, args=(address, port), daemon=True).start()


def datagrams(address, port):
    """Says back what comes; to `spoof`, strangers answer before."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    server, neighbour, stranger = (socket.socket(family, socket.SOCK_DGRAM) for _ in range(3))
    server.bind((address, port))
    neighbour.bind((address, 0))
    stranger.bind((SIX_STRANGER if ":" in address else STRANGER, 0))
    while True:
        said, client = server.recvfrom(65536)
        if said == b"spoof":
            neighbour.sendto(b"from another port", client)
            stranger.sendto(b"from another host", client)
            time.sleep(0.1)
        if said.startswith(b"times "):
            for _ in range(int(said[6:])):
                server.sendto(b"x" * 1000, client)
                time.sleep(0.0001)
        server.sendto(said, client)


started = []


def quic(python):
    """Starts a server of QUIC by an interpreter that has a library for it."""
    words = [python, FOLDER + "/quic.py", FOLDER, "93.184.216.10", "4433"]
    server = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    started.append(server)
    assert server.stdout.readline() == "ready\n"


def greeter(address):
    server = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET)
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind((address, 7000))
    server.listen(1024)

    def serve(client):
        with client:
            client.sendall(b"220 welcome\r\n")
            while data := client.recv(65536):
                client.sendall(data)

    while True:
        threading.Thread(target=serve, args=(server.accept()[0],), daemon=True).start()


def main():
    global seen, asked, heads
    outside = Outside()
    cable(outside)
    files()
    certificates()
    sniffer = capture()
    name_server()
    outside.do(lambda: servers(HOSTS))
    outside.do(lambda: datagram_servers(HOSTS))
    servers(["127.0.0.1", OWN])
    print(json.dumps({"pid": os.getpid()}), flush=True)
    for line in sys.stdin:
        if line.startswith("quic "):
            outside.do(lambda: quic(line[5:].strip()))
        if line.strip() == "http2":
            outside.do(shops.http2)
        settle()
        with lock:
            # SOL_PACKET, PACKET_STATISTICS: all, and those for which there was no room.
            lost = struct.unpack("II", sniffer.getsockopt(263, 6, 8))[1]
            told = {"seen": seen, "asked": asked, "lost": lost}
            if line.strip() == "forget":
                seen, asked = [], []
            if line.strip() == "heads":
                told, heads = {"heads": heads}, []
        print(json.dumps(told), flush=True)


main()
