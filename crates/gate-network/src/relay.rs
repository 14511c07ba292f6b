//! Bytes in both directions, each counted before it is passed on.

use crate::connection::{Connection, Cut};
use crate::inspect::Inspector;
use crate::traffic::Direction;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::net::tcp::{ReadHalf, WriteHalf};

/// Most bytes on their way in one direction of one connection.
const CHUNK: usize = 128 * 1024;
/// The first reads are small: most connections never need more.
const FIRST_CHUNK: usize = 8 * 1024;

/// Passes bytes until both sides have closed, or one cut.
///
/// What the server says is passed on at once, since some protocols begin with
/// it; what the client says only when it was looked at and allowed.
pub(crate) async fn both_ways(
    connection: &Connection,
    client: &mut TcpStream,
    server: &mut TcpStream,
) -> Result<(), Cut> {
    let (from_client, to_client) = client.split();
    let (from_server, to_server) = server.split();
    let sending = send(connection, from_client, to_server);
    let receiving = receive(connection, from_server, to_client);
    tokio::try_join!(sending, receiving).map(|((), ())| ())
}

async fn send(
    connection: &Connection,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
) -> Result<(), Cut> {
    let mut inspector = Inspector::new();
    let mut buffer = vec![0; FIRST_CHUNK];
    loop {
        let length = from.read(&mut buffer).await?;
        let bytes = buffer.get(..length).unwrap_or(&[]);
        let allowed = inspector.take(connection, bytes)?;
        if !allowed.is_empty() {
            connection.charge(Direction::Sent, allowed.len())?;
            to.write_all(&allowed).await?;
        }
        if length == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        grow(&mut buffer, length);
    }
}

async fn receive(
    connection: &Connection,
    mut from: ReadHalf<'_>,
    mut to: WriteHalf<'_>,
) -> Result<(), Cut> {
    let mut buffer = vec![0; FIRST_CHUNK];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            to.shutdown().await?;
            return Ok(());
        }
        connection.charge(Direction::Received, length)?;
        to.write_all(buffer.get(..length).unwrap_or(&[])).await?;
        grow(&mut buffer, length);
    }
}

/// Doubles a buffer that was filled, up to the most.
fn grow(buffer: &mut Vec<u8>, filled: usize) {
    if filled == buffer.len() && filled < CHUNK {
        buffer.resize(filled.saturating_mul(2).min(CHUNK), 0);
    }
}
