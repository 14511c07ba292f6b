//! The other side of `main.rs`, a program of its own: it may have one thread, and the
//! harness of tests has two. `attempts NAME PLACE PORT STARTER [shut]` does one thing.
#![forbid(unsafe_code)]
#![expect(clippy::unwrap_used, reason = "a broken set-up must fail the test")]

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{TcpStream, UdpSocket};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let word = |index: usize| words.get(index).map_or("", String::as_str);
    if word(4) == "shut" {
        ringfence_sandbox_process::shut_in().unwrap();
    }
    let answer = match attempt(word(0), word(1), word(2), word(3)) {
        Ok(()) => "done".to_owned(),
        Err(error) => format!("refused: {error}"),
    };
    // A thread of its own it may have, and memory, and to say what happened.
    let answer = std::thread::spawn(move || vec![answer; 1_000]).join().unwrap().remove(0);
    std::io::stdout().write_all(answer.as_bytes()).unwrap();
}

fn attempt(name: &str, place: &str, port: &str, starter: &str) -> std::io::Result<()> {
    match name {
        "read a file" => std::fs::read(place).map(drop),
        "make a file" => std::fs::write(Path::new(place).with_file_name("made"), "x"),
        "remove a file" => std::fs::remove_file(place),
        "list a folder" => std::fs::read_dir("/").map(drop),
        "start a program" => Command::new("/bin/true").status().map(drop),
        "become a program" => Err(Command::new("/bin/true").exec()),
        "connect" => TcpStream::connect(format!("127.0.0.1:{port}")).map(drop),
        "make a socket" => UdpSocket::bind("127.0.0.1:0").map(drop),
        "make a pair of sockets" => UnixStream::pair().map(drop),
        "read its input" => std::io::stdin().read_exact(&mut [0]),
        "signal who started it" => {
            let starter = starter.parse().unwrap_or_default();
            let starter = rustix::process::Pid::from_raw(starter).ok_or(ErrorKind::NotFound)?;
            Ok(rustix::process::test_kill_process(starter)?)
        }
        "look at itself" => std::fs::read_link("/proc/self/exe").map(drop),
        other => Err(std::io::Error::other(format!("there is no `{other}`"))),
    }
}
