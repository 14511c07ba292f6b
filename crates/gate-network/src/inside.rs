//! TLS that is opened, because what is said inside is allowed request by request.
//!
//! The client gets a certificate of the jail's own authority, the server is
//! greeted as any client would, and the requests between them are read as those
//! of plain HTTP are.

use crate::client_hello::{Hello, MAX_HELLO, read_hello};
use crate::connection::{Connection, Cut, dial};
use crate::inspect::{Inspector, refuse};
use crate::judge::Refusal;
use crate::outside;
use crate::prefixed::Prefixed;
use crate::relay;
use std::io;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

/// Longest wait for both greetings.
const PATIENCE: Duration = Duration::from_secs(20);

/// How a client began.
pub(crate) enum Words {
    /// With TLS, for the name that it connected to.
    Tls(Vec<u8>),
    /// With something else.
    Other(Vec<u8>),
}

/// Reads until it is clear whether the client speaks TLS.
pub(crate) async fn first_words(
    connection: &Connection,
    client: &mut TcpStream,
) -> Result<Words, Cut> {
    let mut words = Vec::new();
    loop {
        match read_hello(&words) {
            Hello::NotTls => return Ok(Words::Other(words)),
            Hello::Malformed => return Err(refuse(connection, "its TLS greeting is malformed")),
            // An encrypted greeting inside is for somebody with a key that we do not
            // have: the client goes on with the open one.
            Hello::Tls(hello) => {
                return if connection.host.is_server_name(hello.server_name.as_deref()) {
                    Ok(Words::Tls(words))
                } else {
                    Err(refuse(connection, "its TLS greeting names another host"))
                };
            }
            Hello::NeedMore(_) => {}
        }
        let mut buffer = [0; 4096];
        let length = client.read(&mut buffer).await?;
        if length == 0 || words.len() > MAX_HELLO {
            return Err(Cut::Failed(io::ErrorKind::UnexpectedEof.into()));
        }
        words.extend_from_slice(buffer.get(..length).unwrap_or(&[]));
    }
}

/// Passes requests on, each one decided by itself.
pub(crate) async fn pass(
    connection: &mut Connection,
    client: &mut TcpStream,
    words: Vec<u8>,
) -> Result<(), Cut> {
    let session = std::sync::Arc::clone(&connection.session);
    let Some(authority) = &session.authority else {
        return Err(refuse(connection, "TLS with it cannot be opened"));
    };
    let config = authority.config_for(&connection.host).map_err(io::Error::other)?;
    let server = dial(connection).await?;
    let greetings = async {
        tokio::try_join!(
            outside::greet(&connection.host, server),
            TlsAcceptor::from(config).accept(Prefixed::new(words, client)),
        )
    };
    let greeted = tokio::time::timeout(PATIENCE, greetings).await;
    let greeted = greeted.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
    let (server, client) = greeted.map_err(|error| {
        let refusal = Refusal::Greeting(error.to_string());
        session.judge.refused(connection.target(), refusal);
        Cut::Failed(error)
    })?;
    let inspector = Inspector::new(true, Vec::new());
    relay::both_ways(connection, inspector, tokio::io::split(client), tokio::io::split(server))
        .await
}
