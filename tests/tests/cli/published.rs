//! Ports of a plugin that the operator lets others on this machine connect to.

use crate::program::{Done, Invocation, Started, User, pause, soon};
use rustix::process::{Signal, geteuid};
use std::fs;
use std::io::{Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{FileTypeExt, PermissionsExt};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// Listens at every place it is told, reads each connection to its end, and says
/// then what it heard at which port.
const SERVER: &str = "import socket, sys, threading
def answer(client, port):
    heard = b''
    while part := client.recv(65536): heard += part
    if heard == b'much': heard = bytes(30 << 20)
    if heard == b'end': print('ends', flush=True), __import__('os')._exit(0)
    client.sendall(b'%d heard %s' % (port, heard))
    client.close()
def serve(server):
    while True:
        client, _ = server.accept()
        threading.Thread(target=answer, args=(client, server.getsockname()[1])).start()
for place in sys.argv[1:]:
    host, port = place.rsplit(':', 1)
    server = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET)
    server.bind((host, int(port)))
    server.listen(64)
    threading.Thread(target=serve, args=(server,)).start()
print('listening', flush=True)
";

/// Prints for each place whether a connection to it came about.
const CLIENT: &str = "import os, socket, sys
for place in sys.argv[1:]:
    host, port = place.rsplit(':', 1)
    client = socket.socket(socket.AF_INET6 if ':' in host else socket.AF_INET)
    client.settimeout(3)
    try:
        client.connect((host, int(port)))
        # What the gate refuses is accepted by the kernel first.
        client.sendall(b'hello')
        said = client.recv(100)
        print(place, 'answered', said)
    except OSError as error: print(place, 'failed', type(error).__name__)
    client.close()
print('descriptors', sorted(os.listdir('/proc/self/fd'), key=int)[:-1])
";

/// `ringfence run` of a server at these places inside.
fn server(user: &User, options: &[&str], places: &[&str]) -> Invocation {
    let words = [&["run"], options, &["--", "/usr/bin/python3", "-c", SERVER], places].concat();
    user.ringfence(words)
}

fn listening(user: &User, options: &[&str], places: &[&str]) -> Started {
    let started = server(user, &[&["-p", "development"], options].concat(), places).start();
    started.stdout.wait_for("listening");
    started
}

/// Where the first port is published.
fn published(started: &Started) -> SocketAddr {
    let shown = started.stderr.wait_for("published port");
    let line = shown.lines().find(|line| line.contains("published port")).unwrap();
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

/// What is said to `message`, and only after its end was heard.
fn ask(at: SocketAddr, message: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut client = TcpStream::connect(at)?;
    client.set_read_timeout(Some(Duration::from_secs(20)))?;
    client.write_all(message)?;
    client.shutdown(Shutdown::Write)?;
    let mut said = Vec::new();
    client.read_to_end(&mut said).map(|_| said)
}

fn ask_socket(path: &Path, message: &[u8]) -> Vec<u8> {
    let mut client = UnixStream::connect(path).unwrap();
    client.write_all(message).unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut said = Vec::new();
    client.read_to_end(&mut said).unwrap();
    said
}

fn stop(started: Started) -> Done {
    started.signal_group(Signal::INT);
    started.finish()
}

/// Nobody on the host listens there.
fn unused_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[test]
fn a_published_port_answers_on_the_loopback_and_on_a_socket_of_the_host() {
    let user = User::new();
    let socket = user.path("socket");
    let at_socket = format!("8000=unix:{}", socket.display());
    let options = ["--publish", "8000=127.0.0.1:0", "--publish", &at_socket];
    let started = listening(&user, &options, &["127.0.0.1:8000"]);
    assert_eq!(ask(published(&started), b"you").unwrap(), b"8000 heard you");
    assert_eq!(ask_socket(&socket, b"me"), b"8000 heard me");
    let large = vec![b'x'; 3 << 20];
    assert_eq!(ask(published(&started), &large).unwrap().len(), large.len() + 11);
    let meta = fs::symlink_metadata(&socket).unwrap();
    assert!(meta.file_type().is_socket());
    assert_eq!(meta.permissions().mode() & 0o7777, 0o600);
    stop(started);
    let records = user.records();
    let visitors: Vec<&str> =
        records.iter().filter_map(|r| r["event"]["metadata"]["visitor"].as_str()).collect();
    let own = format!("uid {}", geteuid().as_raw());
    assert!(visitors.iter().filter(|who| **who == own).count() == 2, "{visitors:?}");
    assert!(visitors.iter().filter(|who| who.starts_with("127.0.0.1:")).count() == 4);
}

#[test]
fn servers_at_low_ports_and_at_ipv6_alone_are_reached_as_well() {
    let user = User::new();
    let options = ["--publish", "80=127.0.0.1:0"];
    let started = listening(&user, &options, &["0.0.0.0:80"]);
    assert_eq!(ask(published(&started), b"low").unwrap(), b"80 heard low");
    stop(started);
    let options = ["--publish", "8000=[::1]:0"];
    let started = listening(&user, &options, &["::1:8000"]);
    assert_eq!(ask(published(&started), b"six").unwrap(), b"8000 heard six");
    stop(started);
}

#[test]
fn nothing_but_the_published_port_is_reached_and_without_one_nothing_at_all() {
    let user = User::new();
    let (open, closed) = (unused_port(), unused_port());
    let places = [format!("127.0.0.1:{open}"), format!("0.0.0.0:{closed}")];
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let publish = format!("{open}=127.0.0.1:0");
    let started = listening(&user, &["--publish", &publish], &places);
    let at = published(&started);
    assert!(ask(at, b"").unwrap().starts_with(open.to_string().as_bytes()));
    for port in [open, closed] {
        assert!(port == at.port() || TcpStream::connect(("127.0.0.1", port)).is_err());
    }
    stop(started);
    let grant = format!("network.listen={open}");
    let started = listening(&user, &["--grant", &grant], &places);
    for port in [open, closed, at.port()] {
        assert!(TcpStream::connect(("127.0.0.1", port)).is_err(), "{port}");
    }
    stop(started);
}

#[test]
fn whoever_may_be_reached_reaches_neither_the_host_nor_another_jail_nor_anything_else() {
    let user = User::new();
    let started = listening(&user, &["--publish", "8000=127.0.0.1:0"], &["0.0.0.0:8000"]);
    let at = published(&started);
    let host = TcpListener::bind("127.0.0.1:0").unwrap();
    host.set_nonblocking(true).unwrap();
    let places = [
        host.local_addr().unwrap().to_string(),
        at.to_string(),
        "127.0.0.1:8000".to_owned(),
        "10.0.0.1:80".to_owned(),
        "93.184.216.34:443".to_owned(),
        "::1:8000".to_owned(),
    ];
    let words = ["run", "--publish", "8000=127.0.0.1:0", "--", "/usr/bin/python3", "-c", CLIENT];
    let places: Vec<&str> = places.iter().map(String::as_str).collect();
    let done = user.ringfence([&words[..], &places].concat()).run();
    assert_eq!(done.stdout.matches("failed").count(), places.len(), "{done:?}");
    assert!(done.stdout.contains("descriptors ['0', '1', '2']"), "{done:?}");
    assert!(host.accept().is_err(), "the host was reached");
    assert_eq!(ask(at, b"still").unwrap(), b"8000 heard still");
    stop(started);
}

#[test]
fn ctrl_c_removes_the_socket_and_cuts_whoever_is_connected() {
    let user = User::new();
    let socket = user.path("socket");
    let publish = format!("8000=unix:{}", socket.display());
    let started = listening(&user, &["--publish", &publish], &["127.0.0.1:8000"]);
    let mut client = UnixStream::connect(&socket).unwrap();
    client.write_all(b"half a").unwrap();
    pause(Duration::from_millis(100));
    let done = stop(started);
    assert_eq!(done.code, Some(130), "{done:?}");
    assert!(!socket.exists());
    let _ = client.set_read_timeout(Some(Duration::from_secs(5)));
    assert_eq!(client.read(&mut [0; 10]).unwrap_or(0), 0, "it is cut");
    let ended = user.records().iter().any(|r| {
        r["event"]["kind"] == "effect_performed" && r["event"]["metadata"]["received_bytes"] == 6
    });
    assert!(ended, "{:?}", user.records());
}

#[test]
fn the_socket_is_gone_when_the_plugin_ends_by_itself_and_its_visitors_with_it() {
    let user = User::new();
    let socket = user.path("socket");
    let publish = format!("8000=unix:{}", socket.display());
    let started = listening(&user, &["--publish", &publish], &["127.0.0.1:8000"]);
    assert_eq!(ask_socket(&socket, b"end"), b"");
    let done = started.finish();
    assert_eq!(done.code, Some(0), "{done:?}");
    assert!(!socket.exists());
}

#[test]
fn what_lies_at_the_path_of_the_socket_is_kept_and_nothing_is_started() {
    let user = User::new();
    let file = user.write("precious", "content");
    let publish = format!("8000=unix:{}", file.display());
    let done = server(&user, &["--publish", &publish], &["127.0.0.1:8000"]).run();
    assert_eq!(done.code, Some(2), "{done:?}");
    assert!(done.stderr.contains("nothing is overwritten") && done.stdout.is_empty(), "{done:?}");
    assert_eq!(fs::read_to_string(&file).unwrap(), "content");
    assert!(!user.kinds().contains(&"sandbox_started".to_owned()));
}

#[test]
fn a_place_that_other_machines_reach_is_no_place() {
    let user = User::new();
    for place in ["0.0.0.0:8000", "[::]:8000", "192.168.1.1:8000", "localhost:8000", "unix:here"] {
        let done =
            server(&user, &["--publish", &format!("8000={place}")], &["127.0.0.1:8000"]).run();
        assert_eq!(done.code, Some(2), "{place}: {done:?}");
        assert!(done.stdout.is_empty());
    }
}

#[test]
fn two_hundred_visitors_in_a_row_leave_no_descriptor_behind() {
    let user = User::new();
    let started = listening(&user, &["--publish", "8000=127.0.0.1:0"], &["127.0.0.1:8000"]);
    let at = published(&started);
    assert_eq!(ask(at, b"first").unwrap(), b"8000 heard first");
    let host = started.child.id();
    let held = || {
        let inside = children(host).into_iter().flat_map(children).map(descriptors);
        (descriptors(host), inside.collect::<Vec<_>>())
    };
    let before = held();
    for number in 0..200 {
        match number % 4 {
            // Some leave before they were let in, some in the middle of a word.
            0 => drop(TcpStream::connect(at).unwrap()),
            1 => TcpStream::connect(at).unwrap().write_all(b"gone").unwrap(),
            _ => assert_eq!(ask(at, b"you").unwrap(), b"8000 heard you", "{number}"),
        }
    }
    // The first one may still have been there.
    let is_back = || held().0 <= before.0 && held().1 == before.1;
    assert!(soon(is_back), "{before:?} became {:?}", held());
    let done = stop(started);
    assert!(done.stderr.contains("201 visits"), "{done:?}");
}

fn descriptors(pid: u32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// Processes that this one has started.
fn children(pid: u32) -> Vec<u32> {
    let mut all = Vec::new();
    for task in fs::read_dir(format!("/proc/{pid}/task")).into_iter().flatten().flatten() {
        let list = fs::read_to_string(task.path().join("children")).unwrap_or_default();
        all.extend(list.split_whitespace().map(|pid| pid.parse::<u32>().unwrap()));
    }
    all
}

fn with_production_limits(user: &User) -> (Started, SocketAddr) {
    let options = ["-p", "production", "--publish", "8000=127.0.0.1:0"];
    let started = server(user, &options, &["127.0.0.1:8000"]).start();
    started.stdout.wait_for("listening");
    let at = published(&started);
    (started, at)
}

#[test]
fn more_visitors_at_once_than_the_limit_are_cut_until_somebody_leaves() {
    let user = User::new();
    let (started, at) = with_production_limits(&user);
    let held: Vec<TcpStream> = (0..16).map(|_| TcpStream::connect(at).unwrap()).collect();
    // They are let in one after the other.
    for _ in 0..3 {
        let mut late = TcpStream::connect(at).unwrap();
        late.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
        assert!(late.read(&mut [0; 10]).is_err(), "it is reset");
    }
    drop(held);
    assert!(soon(|| ask(at, b"again").is_ok_and(|said| said == b"8000 heard again")));
    let done = stop(started);
    assert!(done.stderr.contains("16 connections at once are the limit"), "{done:?}");
}

#[test]
fn a_plugin_that_answers_more_than_it_may_send_is_cut_in_the_middle() {
    let user = User::new();
    let (started, at) = with_production_limits(&user);
    assert!(ask(at, b"much").is_err(), "an end would pass for the end of the answer");
    assert!(ask(at, b"much").is_err());
    let done = stop(started);
    let denied = done.stderr.contains("network.listen denied for `8000`");
    assert!(denied && done.stderr.contains("bytes sent to the network"), "{done:?}");
}

#[test]
fn a_manifest_has_to_declare_the_port_that_is_published() {
    let user = User::new();
    let code = "def go(input, ringfence):\n    return 'ran'\n";
    let run = |manifest: &str| {
        let plugin = user.python_plugin(code, manifest);
        let words = ["run", "--json", "--publish", "8000=127.0.0.1:0", plugin.to_str().unwrap()];
        user.ringfence([&words[..], &["go"]].concat()).run()
    };
    let actions = "actions: [go]\n";
    let declared = run(&format!("{actions}permissions:\n  - network.listen: 8000\n"));
    assert_eq!(declared.code, Some(0), "{declared:?}");
    let told = &declared.json()["published"][0];
    assert_eq!(told["port"], 8000);
    let at: SocketAddr = told["at"].as_str().unwrap().parse().unwrap();
    assert!(at.ip().is_loopback() && at.port() != 0);
    for manifest in ["", "permissions:\n  - network.listen: 9000\n"] {
        let refused = run(&format!("{actions}{manifest}"));
        assert_eq!(refused.code, Some(3), "{refused:?}");
        assert!(refused.stdout.contains("network.listen"), "{refused:?}");
    }
    let wide = run(&format!("{actions}permissions:\n  - network.listen: 8000-9000\n"));
    assert_eq!(wide.code, Some(2), "{wide:?}");
}

/// Leaves 300 processes behind that nobody waits for, and prints how many of them
/// are still to be seen a moment after they have ended.
const ORPHANS: &str = "import os, sys, time
for _ in range(300):
    if os.fork() == 0:
        if os.fork() == 0: os._exit(0)
        os._exit(0)
    os.wait()
for _ in range(100):
    left = [name for name in os.listdir('/proc') if name.isdigit() and int(name) != os.getpid()]
    if not left: break
    time.sleep(0.05)
print('left', left, flush=True)
os.kill(os.getpid(), 9) if sys.argv[1] == 'kill' else sys.exit(int(sys.argv[1]))
";

#[test]
fn orphans_are_collected_and_the_end_is_told_while_somebody_may_come_in() {
    let user = User::new();
    for (how, code) in [("0", 0), ("3", 1), ("kill", 7)] {
        let words = ["run", "--publish", "8000=127.0.0.1:0", "--", "/usr/bin/python3", "-c"];
        let done = user.ringfence([&words[..], &[ORPHANS, how]].concat()).run();
        assert_eq!(done.code, Some(code), "{done:?}");
        assert!(done.stdout.contains("left []"), "{done:?}");
    }
}

#[test]
fn a_program_that_floods_its_own_port_keeps_no_visitor_of_another_jail_waiting() {
    let user = User::new();
    let flood = "import socket
server = socket.socket()
server.bind(('127.0.0.1', 8000))
server.listen(1)
print('listening', flush=True)
while True:
    client = socket.socket()
    client.setblocking(False)
    try: client.connect(('127.0.0.1', 8000))
    except OSError: pass
";
    let words = ["run", "--timeout", "30", "--publish", "8000=127.0.0.1:0", "--"];
    let flooding = user.ringfence([&words[..], &["/usr/bin/python3", "-c", flood]].concat());
    let flooding = flooding.start();
    flooding.stdout.wait_for("listening");
    let at = published(&flooding);
    let waiting: Vec<TcpStream> = (0..8).map(|_| TcpStream::connect(at).unwrap()).collect();
    let started = listening(&user, &["--publish", "8000=127.0.0.1:0"], &["127.0.0.1:8000"]);
    let at = published(&started);
    for _ in 0..20 {
        assert_eq!(ask(at, b"you").unwrap(), b"8000 heard you");
    }
    drop(waiting);
    stop(started);
    let done = stop(flooding);
    assert!(done.took < Duration::from_secs(20), "{done:?}");
}
