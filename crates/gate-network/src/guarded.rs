//! The answer of a host to which a secret may have gone out: read to its end, and
//! without the secret.

use crate::answer_body::AnswerBody;
use crate::answer_head::{Answer, MAX_HEADS, read_answer};
use crate::connection::{Connection, Cut};
use crate::inspect::refuse;
use crate::traffic::Direction;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// As many bytes as one read takes.
const CHUNK: usize = 32 * 1024;

/// Passes the one answer of this connection on, of which `first` came already.
pub(crate) async fn receive(
    connection: &Connection,
    first: Vec<u8>,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), Cut> {
    let mut buffer = vec![0; CHUNK];
    let mut bytes = first;
    let (mut fresh, mut told) = (0, 0);
    let head = loop {
        let answer =
            if may_tell_more(&bytes, fresh) { read_answer(&bytes) } else { Answer::NeedMore };
        match answer {
            Answer::NeedMore => {
                let length = read(&mut from, &mut buffer).await?;
                if length == 0 {
                    return Err(Cut::Failed(io::ErrorKind::UnexpectedEof.into()));
                }
                connection.charge(Direction::Received, length)?;
                fresh = bytes.len();
                bytes.extend_from_slice(buffer.get(..length).unwrap_or(&[]));
            }
            Answer::Interim(length) => {
                told += length;
                if told > MAX_HEADS {
                    return Err(refuse(connection, "its answer has too many heads"));
                }
                // Clients wait for it before they say the rest.
                let rest = bytes.split_off(length.min(bytes.len()));
                to.write_all(&connection.scrubber().pass(&bytes, true)).await?;
                to.flush().await?;
                (bytes, fresh) = (rest, 0);
            }
            Answer::Readable(head) => break head,
            Answer::Unreadable if connection.holds_secrets() => return Err(unreadable(connection)),
            Answer::Unreadable => return pass_unread(connection, from, to, bytes, buffer).await,
        }
    };
    connection.answered(head.status);
    let mut next = bytes.split_off(head.length.min(bytes.len()));
    let mut changes = connection.session.revealed.changes();
    let mut scrubber = connection.scrubber();
    to.write_all(&scrubber.pass(&head.rewritten(&bytes), true)).await?;
    let mut body = AnswerBody::of(&head, connection.wish(), scrubber);
    loop {
        let now = connection.session.revealed.changes();
        if now != changes {
            // Meanwhile a secret went out on another connection.
            changes = now;
            body.search_for(connection.scrubber());
        }
        let clean = body
            .pass(&next)
            .map_err(|_| refuse(connection, "its answer is broken, so it cannot be searched"))?;
        to.write_all(&clean).await?;
        to.flush().await?;
        let length = if body.is_done() { 0 } else { read(&mut from, &mut buffer).await? };
        if length == 0 {
            if !body.may_end() {
                return Err(Cut::Failed(io::ErrorKind::UnexpectedEof.into()));
            }
            to.write_all(&body.end()).await?;
            to.shutdown().await?;
            return Ok(());
        }
        connection.charge(Direction::Received, length)?;
        next = buffer.get(..length).unwrap_or(&[]).to_vec();
    }
}

fn unreadable(connection: &Connection) -> Cut {
    refuse(connection, "its answer is coded, so no secret could be found in it")
}

/// Whether the bytes from `fresh` on can end a head. A server that answers byte by
/// byte must not make us read all of it again for every one.
fn may_tell_more(bytes: &[u8], fresh: usize) -> bool {
    let end = bytes.get(fresh.saturating_sub(3)..).unwrap_or(bytes);
    bytes.len() > MAX_HEADS || end.contains(&0) || end.windows(4).any(|four| four == b"\r\n\r\n")
}

/// The answer of a host to which no secret went out.
async fn pass_unread(
    connection: &Connection,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    first: Vec<u8>,
    mut buffer: Vec<u8>,
) -> Result<(), Cut> {
    connection.answered(1);
    to.write_all(&first).await?;
    loop {
        to.flush().await?;
        let length = read(&mut from, &mut buffer).await?;
        if length == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        if connection.holds_secrets() {
            return Err(unreadable(connection));
        }
        connection.charge(Direction::Received, length)?;
        to.write_all(buffer.get(..length).unwrap_or(&[])).await?;
    }
}

/// Many servers end TLS without a word.
async fn read(from: &mut (impl AsyncRead + Unpin), buffer: &mut [u8]) -> io::Result<usize> {
    match from.read(buffer).await {
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_that_comes_byte_by_byte_is_read_when_it_ends() {
        let head = b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nA: b\r\n\r\n";
        let read: Vec<usize> = (0..head.len())
            .filter(|fresh| may_tell_more(&head[..=*fresh], *fresh))
            .map(|fresh| fresh + 1)
            .collect();
        assert_eq!(read, [25, head.len()]);
        assert!(may_tell_more(b"no\0http", 2));
        assert!(may_tell_more(&vec![b'x'; MAX_HEADS + 1], MAX_HEADS));
    }
}
