//! What a process that has shut itself in can still do. Each attempt is made twice by a
//! process of its own: without the walls it must succeed, or it would show nothing.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a broken set-up must fail the test, and its names are told as the harness does"
)]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ATTEMPT: &str = "ATTEMPT";
const PLACE: &str = "PLACE";

/// What an attempt does, by name, with one place in the world.
const ATTEMPTS: &[(&str, fn(&str) -> std::io::Result<()>)] = &[
    ("read a file", |place| std::fs::read(place).map(drop)),
    ("make a file", |place| std::fs::write(Path::new(place).with_file_name("made"), "x")),
    ("remove a file", |place| std::fs::remove_file(place)),
    ("list a folder", |_| std::fs::read_dir("/").map(drop)),
    ("start a program", |_| Command::new("/bin/true").status().map(drop)),
    ("become a program", |_| Err(Command::new("/bin/true").exec())),
    ("connect", |_| {
        let port = std::env::var("PORT").unwrap_or_default();
        TcpStream::connect(format!("127.0.0.1:{port}")).map(drop)
    }),
    ("make a socket", |_| UdpSocket::bind("127.0.0.1:0").map(drop)),
    ("make a pair of sockets", |_| UnixStream::pair().map(drop)),
    ("read its input", |_| std::io::stdin().read_exact(&mut [0])),
    ("signal who started it", |_| {
        let starter = std::env::var("STARTER").unwrap_or_default().parse().unwrap_or_default();
        let starter = rustix::process::Pid::from_raw(starter).ok_or(ErrorKind::NotFound)?;
        Ok(rustix::process::test_kill_process(starter)?)
    }),
    ("look at itself", |_| std::fs::read_link("/proc/self/exe").map(drop)),
];

const TESTS: &[(&str, fn())] = &[
    (
        "who_is_shut_in_opens_reads_connects_starts_and_signals_nothing",
        who_is_shut_in_opens_reads_connects_starts_and_signals_nothing,
    ),
    (
        "a_second_thread_would_keep_everything_so_nobody_is_shut_in_beside_one",
        a_second_thread_would_keep_everything_so_nobody_is_shut_in_beside_one,
    ),
];

/// As the harness does it, whose threads would be in the way of who is to be shut in.
fn main() {
    if let Ok(name) = std::env::var(ATTEMPT) {
        return attempts_it(&name);
    }
    let words: Vec<String> = std::env::args().skip(1).collect();
    let says = |word: &str| words.iter().any(|other| other == word);
    let names = words.iter().any(|word| !word.starts_with('-') && word != "terse");
    for (name, test) in TESTS {
        if says("--list") {
            if !says("--ignored") {
                println!("{name}: test");
            }
        } else if !names || words.iter().any(|word| name.contains(&**word)) {
            test();
        }
    }
}

/// The other side of the tests below.
fn attempts_it(name: &str) {
    let place = std::env::var(PLACE).unwrap();
    let (name, shut) = name.strip_prefix("shut: ").map_or((name, false), |name| (name, true));
    let (_, attempt) = ATTEMPTS.iter().find(|(other, _)| *other == name).unwrap();
    if shut {
        ringfence_sandbox_process::shut_in().unwrap();
    }
    let word = match attempt(&place) {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    // A thread of its own it may have, and memory, and to say what happened.
    let word = std::thread::spawn(move || vec![word; 1_000]).join().unwrap().remove(0);
    std::io::stdout().write_all(word.as_bytes()).unwrap();
}

fn attempt(name: &str, place: &Path, port: u16) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.env(ATTEMPT, name).env(PLACE, place).env("PORT", port.to_string());
    command.env("STARTER", std::process::id().to_string());
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // Nobody may be there to take it.
    let _ = child.stdin.take().unwrap().write_all(b"input");
    child.wait_with_output().unwrap()
}

fn who_is_shut_in_opens_reads_connects_starts_and_signals_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("file");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for (name, _) in ATTEMPTS {
        std::fs::write(&place, "it is here").unwrap();
        let free = attempt(name, &place, port);
        assert!(free.status.success(), "{name}: {free:?}");
        let said = String::from_utf8(free.stdout).unwrap();
        // Who became another program says no more.
        assert!(said.contains("done") || *name == "become a program", "{name}: {said}");
        assert!(!said.contains("refused"), "{name}: {said}");
        while listener.accept().is_ok() {}
        let _ = std::fs::remove_file(folder.path().join("made"));
        std::fs::write(&place, "it is here").unwrap();

        let shut = attempt(&format!("shut: {name}"), &place, port);
        let said = String::from_utf8(shut.stdout.clone()).unwrap();
        assert!(said.contains("refused: "), "{name}: {shut:?}");
        assert!(!said.contains("done"), "{name}: {said}");
        assert!(listener.accept().is_err(), "{name}: a connection came");
        assert!(place.exists(), "{name}: the file is gone");
        assert!(!folder.path().join("made").exists(), "{name}: a file was made");
    }
}

fn a_second_thread_would_keep_everything_so_nobody_is_shut_in_beside_one() {
    let error = std::thread::spawn(ringfence_sandbox_process::shut_in).join().unwrap();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("threads"), "{error}");
    assert!(std::fs::read_dir("/").is_ok(), "a part was given up all the same");
}
