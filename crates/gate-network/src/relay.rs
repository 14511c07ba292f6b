//! Bytes in both directions, each counted before it is passed on.

use crate::connection::{Connection, Cut};
use crate::guarded;
use crate::inspect::Inspector;
use crate::traffic::Direction;
use std::io;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// Most bytes on their way in one direction of one connection.
const CHUNK: usize = 128 * 1024;
/// The first reads are small: most connections never need more.
pub(crate) const FIRST_CHUNK: usize = 8 * 1024;
/// `HTTP/1.1 200`.
const STATUS_LINE: usize = 12;

/// Passes bytes until both sides have closed, or one cut.
///
/// What the server says is passed on at once, since some protocols begin with
/// it; what the client says only when it was looked at and allowed.
pub(crate) async fn both_ways(
    connection: &Connection,
    inspector: Inspector,
    (from_client, to_client): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
    (from_server, to_server): (impl AsyncRead + Unpin, impl AsyncWrite + Unpin),
) -> Result<(), Cut> {
    if connection.is_guarded() {
        // With the one answer it is over, whatever the client may still say.
        let sending = send(connection, inspector, from_client, to_server);
        let receiving = guarded::receive(connection, Vec::new(), from_server, to_client);
        tokio::pin!(sending, receiving);
        return tokio::select! {
            biased;
            received = &mut receiving => received,
            sent = &mut sending => match sent {
                Ok(()) => receiving.await,
                Err(cut) => Err(cut),
            },
        };
    }
    let sending = send(connection, inspector, from_client, to_server);
    let receiving = receive(connection, from_server, to_client);
    tokio::try_join!(sending, receiving).map(|((), ())| ())
}

async fn send(
    connection: &Connection,
    mut inspector: Inspector,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), Cut> {
    // What was read before this began.
    let mut length = 0;
    let mut ended = false;
    let mut buffer = vec![0; FIRST_CHUNK];
    loop {
        let bytes = buffer.get(..length).unwrap_or(&[]);
        let allowed = inspector.take(connection, bytes, ended)?;
        if !allowed.is_empty() {
            connection.charge(Direction::Sent, allowed.len())?;
            to.write_all(&allowed).await?;
            to.flush().await?;
        }
        if ended {
            to.shutdown().await?;
            return Ok(());
        }
        grow(&mut buffer, length);
        length = tokio::select! {
            read = from.read(&mut buffer) => {
                let length = read?;
                ended = length == 0;
                length
            }
            () = connection.first_answer(), if inspector.waits_for_an_answer() => 0,
        };
    }
}

async fn receive(
    connection: &Connection,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), Cut> {
    let mut buffer = vec![0; FIRST_CHUNK];
    let mut first = Some(Vec::new());
    loop {
        let length = match from.read(&mut buffer).await {
            Ok(length) => length,
            // Many servers end TLS without a word. Whoever counts on the end of the
            // stream must not take this for one: nothing is said to the client either.
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        if length == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        let bytes = buffer.get(..length).unwrap_or(&[]);
        connection.charge(Direction::Received, length)?;
        if connection.is_guarded() {
            // The request before this answer was the last one.
            return guarded::receive(connection, bytes.to_vec(), from, to).await;
        }
        if let Some(line) = &mut first {
            line.extend_from_slice(bytes);
            if line.len() >= STATUS_LINE {
                connection.answered(status(line));
                first = None;
            }
        }
        to.write_all(bytes).await?;
        to.flush().await?;
        grow(&mut buffer, length);
    }
}

/// The status of an HTTP answer that begins so; 1 for anything else.
fn status(answer: &[u8]) -> u16 {
    let digits = answer.strip_prefix(b"HTTP/1.").and_then(|rest| rest.get(2..5));
    digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok()).unwrap_or(1).max(1)
}

/// Doubles a buffer that was filled, up to the most.
pub(crate) fn grow(buffer: &mut Vec<u8>, filled: usize) {
    if filled == buffer.len() && filled < CHUNK {
        buffer.resize(filled.saturating_mul(2).min(CHUNK), 0);
    }
}
