//! The server that everybody talks to: threads of this process.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

/// What every request of HTTP is answered with; the client counts on its length.
const ANSWER: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// Serves until this program ends; gives the port.
pub(super) fn start() -> std::io::Result<u16> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let port = listener.local_addr()?.port();
    std::thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            // A client that goes away is its own business.
            std::thread::spawn(move || drop(serve(stream)));
        }
    });
    Ok(port)
}

/// Speaks first, then does what the first line says.
fn serve(mut stream: TcpStream) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    stream.write_all(b"x")?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    if let Some(count) = line.strip_prefix("D ").and_then(|text| text.trim().parse().ok()) {
        return send(&mut stream, count);
    }
    if line == "E\n" {
        let mut bytes = [0; 64];
        loop {
            reader.read_exact(&mut bytes)?;
            stream.write_all(&bytes)?;
        }
    }
    while !line.is_empty() {
        if line == "\r\n" {
            stream.write_all(ANSWER)?;
        }
        line.clear();
        reader.read_line(&mut line)?;
    }
    Ok(())
}

fn send(stream: &mut TcpStream, mut left: usize) -> std::io::Result<()> {
    let bytes = vec![b'x'; 1 << 18];
    while let Some(part) = bytes.get(..left.min(bytes.len())).filter(|part| !part.is_empty()) {
        stream.write_all(part)?;
        left -= part.len();
    }
    Ok(())
}
