//! What a process that has shut itself in can still do. Each attempt is made twice by a
//! process of its own: without the walls it must succeed, or it would show nothing.
#![expect(clippy::unwrap_used, reason = "a broken set-up must fail the test")]

use std::io::Write as _;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const ATTEMPTS: &[&str] = &[
    "read a file",
    "make a file",
    "remove a file",
    "list a folder",
    "start a program",
    "become a program",
    "connect",
    "make a socket",
    "make a pair of sockets",
    "read its input",
    "signal who started it",
    "look at itself",
];

fn attempt(name: &str, place: &Path, port: u16, how: &str) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_shut-in-attempts"));
    command.arg(name).arg(place).args([port.to_string(), std::process::id().to_string()]).arg(how);
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().unwrap();
    // Nobody may be there to take it.
    let _ = child.stdin.take().unwrap().write_all(b"input");
    child.wait_with_output().unwrap()
}

#[test]
fn who_is_shut_in_opens_reads_connects_starts_and_signals_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("file");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.set_nonblocking(true).unwrap();
    let port = listener.local_addr().unwrap().port();
    for name in ATTEMPTS {
        std::fs::write(&place, "it is here").unwrap();
        let free = attempt(name, &place, port, "free");
        assert!(free.status.success(), "{name}: {free:?}");
        let said = String::from_utf8(free.stdout).unwrap();
        // Who became another program says no more.
        assert!(said.contains("done") || *name == "become a program", "{name}: {said}");
        assert!(!said.contains("refused"), "{name}: {said}");
        while listener.accept().is_ok() {}
        let _ = std::fs::remove_file(folder.path().join("made"));
        std::fs::write(&place, "it is here").unwrap();

        let shut = attempt(name, &place, port, "shut");
        let said = String::from_utf8(shut.stdout.clone()).unwrap();
        assert!(said.contains("refused: "), "{name}: {shut:?}");
        assert!(!said.contains("done"), "{name}: {said}");
        assert!(listener.accept().is_err(), "{name}: a connection came");
        assert!(place.exists(), "{name}: the file is gone");
        assert!(!folder.path().join("made").exists(), "{name}: a file was made");
    }
}

#[test]
fn a_second_thread_would_keep_everything_so_nobody_is_shut_in_beside_one() {
    let error = std::thread::spawn(ringfence_sandbox_process::shut_in).join().unwrap();
    let error = error.unwrap_err().to_string();
    assert!(error.contains("threads"), "{error}");
    assert!(std::fs::read_dir("/").is_ok(), "a part was given up all the same");
}
