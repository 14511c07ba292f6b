//! A plain program: text comes in on standard input, and what is counted goes out on
//! standard output. A text that names a file, a folder or an address asks for it.

use std::io::Read as _;
use std::net::{TcpStream, UdpSocket};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut text = String::new();
    if let Err(error) = std::io::stdin().read_to_string(&mut text) {
        eprintln!("the input cannot be read: {error}");
        return ExitCode::from(2);
    }
    // The input is JSON, so a text has quotes around it.
    let text = text.trim().trim_matches('"');
    let answer = if let Some(address) = text.strip_prefix("connect ") {
        connect(address)
    } else if text.starts_with('/') {
        look(text)
    } else {
        Ok(words(text))
    };
    match answer {
        Ok(answer) => {
            println!("{answer}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{text}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn words(text: &str) -> String {
    format!("{} words", text.split_whitespace().count())
}

/// The words of a file, or the names in a folder.
fn look(path: &str) -> std::io::Result<String> {
    if !std::fs::metadata(path)?.is_dir() {
        return Ok(words(&std::fs::read_to_string(path)?));
    }
    let mut names = Vec::new();
    for entry in std::fs::read_dir(path)? {
        names.push(entry?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    Ok(names.join("\n"))
}

/// Tries every way to the network that a program of WASI has.
fn connect(address: &str) -> std::io::Result<String> {
    let datagram =
        UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"hello", address));
    match (TcpStream::connect(address), datagram) {
        (Err(error), Err(_)) => Err(error),
        reached => Ok(format!("{address} was reached: {reached:?}")),
    }
}
