//! Other ways out than a connection to a name.

use crate::world::World;

const ALLOWED: &str = "network.request=*.allowed.example:80";

#[test]
fn questions_for_names_carry_nothing_out() {
    let mut world = World::new();
    // Of allowed names and others, of every kind of record, at every address that
    // could be a name server, with data in the labels.
    let done = world.python(
        &[ALLOWED],
        "import socket, struct\n\
         def ask(server, name, kind):\n\
         \x20   s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         \x20   s.settimeout(2)\n\
         \x20   labels = b''.join(bytes([len(l)]) + l.encode() for l in name.split('.'))\n\
         \x20   s.sendto(b'ab\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0' + labels + b'\\0' + struct.pack('!HH', kind, 1), (server, 53))\n\
         \x20   answer = s.recv(4096)\n\
         \x20   return answer[3] & 15, struct.unpack('!H', answer[6:8])[0]\n\
         long = 'x' * 63 + '.' + 'y' * 63 + '.' + 'z' * 60\n\
         for server in ['198.18.0.1', '8.8.8.8', '127.0.0.53', '93.184.216.10']:\n\
         \x20   for kind in [1, 5, 10, 12, 15, 16, 28, 33, 65, 252, 255, 65399]:\n\
         \x20       for name in ['secret.example', long + '.example', 'secret.allowed.example']:\n\
         \x20           print(name[:6], kind, *ask(server, name, kind))\n",
    );
    assert_eq!(done.code, Some(0), "{done:?}");
    let told: Vec<&str> = done.stdout.lines().collect();
    assert_eq!(told.len(), 4 * 12 * 3, "{done:?}");
    let with_answers = told.iter().filter(|line| line.ends_with(" 0 1")).count();
    assert_eq!(with_answers, 4, "one allowed name, of the kind A, at each server: {done:?}");
    assert!(world.traffic().is_silent());
}

#[test]
fn datagrams_and_quic_are_refused_at_once_and_none_leaves() {
    let mut world = World::new();
    let done = world.python(
        &[ALLOWED],
        "import socket\n\
         name = socket.getaddrinfo('a.allowed.example', 80, socket.AF_INET)[0][4][0]\n\
         for host, port in [(name, 443), (name, 80), ('93.184.216.10', 443), ('10.1.2.3', 123)]:\n\
         \x20   s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         \x20   s.settimeout(5)\n\
         \x20   s.connect((host, port))\n\
         \x20   s.send(b'secret')\n\
         \x20   try: print(s.recv(10))\n\
         \x20   except OSError as error: print(type(error).__name__)\n",
    );
    assert_eq!(done.stdout, "ConnectionRefusedError\n".repeat(4), "{done:?}");
    assert!(world.traffic().is_silent());
}

#[test]
fn no_other_family_or_protocol_of_sockets_is_there() {
    let world = World::new();
    let done = world.python(
        &[ALLOWED],
        "import socket\n\
         for family, kind, protocol in [(1, 1, 0), (16, 3, 0), (17, 3, 768), (2, 3, 1), (2, 2, 1),\n\
         \x20       (10, 2, 58), (2, 1, 262), (2, 1, 132), (38, 5, 0), (40, 1, 0), (31, 3, 1)]:\n\
         \x20   try: socket.socket(family, kind, protocol); print('open', family, kind, protocol)\n\
         \x20   except OSError as error: pass\n\
         print('end')\n",
    );
    assert_eq!(done.stdout, "end\n", "{done:?}");
}

#[test]
fn the_loopback_of_the_machine_is_not_that_of_the_jail() {
    let mut world = World::new();
    for url in ["http://127.0.0.1/", "http://localhost/", "http://[::1]/", "http://127.9.9.9/"] {
        let done = world.get(&[ALLOWED, "network.request=127.0.0.1:80"], url);
        assert_eq!(done.code, Some(1), "{url}: {done:?}");
        assert!(world.traffic().is_silent(), "{url}");
    }
    let done = world.python(
        &[ALLOWED],
        "import socket\n\
         s = socket.create_server(('127.0.0.1', 8000))\n\
         c = socket.create_connection(('127.0.0.1', 8000))\n\
         s.accept()[0].sendall(b'own'); print(c.recv(10))\n",
    );
    assert_eq!(done.stdout, "b'own'\n", "its own it may use: {done:?}");
}

#[test]
fn a_server_that_speaks_first_is_heard_and_answered() {
    let world = World::new();
    let done = world.python(
        &["network.request=allowed.example:7000"],
        "import socket\n\
         s = socket.create_connection(('allowed.example', 7000), 5)\n\
         print(s.recv(100)); s.sendall(b'\\0\\1binary'); print(s.recv(100))\n\
         s.shutdown(socket.SHUT_WR); print(s.recv(100))\n",
    );
    assert_eq!(done.stdout, "b'220 welcome\\r\\n'\nb'\\x00\\x01binary'\nb''\n", "{done:?}");
}

#[test]
fn what_the_kernel_keeps_for_connections_inside_stays_small() {
    let world = World::new();
    // No cgroup counts what the kernel remembers of connections, nor what waits in
    // one that nobody has accepted; all jails and the host share the most of it.
    let told = world.python(
        &[ALLOWED],
        "import socket, time\n\
         remembered = 0\n\
         for port in range(10000, 14000):\n\
         \x20   s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)\n\
         \x20   try: s.sendto(b'x', ('127.0.0.1', port))\n\
         \x20   except PermissionError: continue\n\
         \x20   remembered += 1\n\
         server = socket.create_server(('127.0.0.1', 8000), backlog=4096)\n\
         def widen(s, option):\n\
         \x20   try: s.setsockopt(socket.SOL_SOCKET, option, 1 << 22)\n\
         \x20   except OSError: pass\n\
         widen(server, socket.SO_RCVBUF)\n\
         waiting, end = 0, time.monotonic() + 4\n\
         while time.monotonic() < end:\n\
         \x20   c = socket.socket()\n\
         \x20   c.settimeout(0.01)\n\
         \x20   widen(c, socket.SO_SNDBUF)\n\
         \x20   try:\n\
         \x20       c.connect(('127.0.0.1', 8000))\n\
         \x20       while True: waiting += c.send(bytes(1 << 20))\n\
         \x20   except OSError: pass\n\
         \x20   c.close()\n\
         print(remembered, waiting >> 20)\n",
    );
    let numbers: Vec<u64> = told.stdout.split_whitespace().map(|n| n.parse().unwrap()).collect();
    assert!(numbers[0] <= 1024 && numbers[1] <= 300, "{told:?}");
}
