//! One connection of a plugin, from the decision to its last byte.

use crate::answer_body::Wish;
use crate::dial;
use crate::inside::{self, Words};
use crate::inspect::Inspector;
use crate::judge::{Depth, Ended};
use crate::relay;
use crate::scrub::Scrubber;
use crate::session::Session;
use crate::slot::Slot;
use crate::traffic::Direction;
use crate::withdrawn::withdrawn;
use ringfence_types::{Host, NetworkTarget, Transport};
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use zeroize::Zeroizing;

/// Longest wait for one address to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// What ended a connection before both sides had closed it.
#[derive(Debug)]
pub(crate) enum Cut {
    /// The gate refused to go on; it is recorded.
    Refused,
    /// One side failed.
    Failed(io::Error),
}

impl From<io::Error> for Cut {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// One connection that was allowed. Its end is recorded when this is dropped,
/// also when the gate closes.
pub(crate) struct Connection {
    pub(crate) session: Arc<Session>,
    pub(crate) host: Host,
    pub(crate) port: u16,
    address: Option<SocketAddr>,
    /// Held as long as there is a socket of the plugin, also before there is one to
    /// the server.
    slot: Option<Slot>,
    sent: AtomicU64,
    received: AtomicU64,
    began: Instant,
    failure: Option<String>,
    /// What the server answered first: 0 for nothing yet.
    status: AtomicU16,
    answered: Notify,
    /// What the one request asks for.
    wish: Mutex<Wish>,
    /// The answer is searched, so it is the last one.
    guarded: AtomicBool,
}

impl Connection {
    /// One on which nothing was said yet.
    fn new(session: Arc<Session>, host: Host, port: u16) -> Self {
        Self {
            session,
            host,
            port,
            address: None,
            slot: None,
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            began: Instant::now(),
            failure: None,
            status: AtomicU16::new(0),
            answered: Notify::new(),
            wish: Mutex::default(),
            guarded: AtomicBool::new(false),
        }
    }

    pub(crate) const fn target(&self) -> NetworkTarget<'_> {
        NetworkTarget::tcp(&self.host, self.port)
    }

    /// Tells the status of the server's first answer.
    pub(crate) fn answered(&self, status: u16) {
        self.status.store(status, Ordering::Release);
        self.answered.notify_one();
    }

    /// The status of the server's first answer, once there is one.
    pub(crate) fn status(&self) -> Option<u16> {
        Some(self.status.load(Ordering::Acquire)).filter(|status| *status != 0)
    }

    /// Waits for [`Connection::answered`].
    pub(crate) async fn first_answer(&self) {
        self.answered.notified().await;
    }

    /// Tells what the one request asks for.
    pub(crate) fn ask_for(&self, wish: Wish) {
        *self.lock_wish() = wish;
    }

    /// What the one request asks for.
    pub(crate) fn wish(&self) -> Wish {
        *self.lock_wish()
    }

    fn lock_wish(&self) -> MutexGuard<'_, Wish> {
        self.wish.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on there is one answer, which is searched.
    pub(crate) fn guard(&self) {
        self.guarded.store(true, Ordering::Release);
    }

    /// Whether there is one answer, which is searched.
    pub(crate) fn is_guarded(&self) -> bool {
        self.guarded.load(Ordering::Acquire)
    }

    /// Remembers a secret that goes out now.
    pub(crate) fn hold_secret(&self, name: &str, value: &Zeroizing<String>) {
        self.session.revealed.remember(name, value, &self.host, self.port);
    }

    /// Whether a secret went out to this host, on whatever connection.
    pub(crate) fn holds_secrets(&self) -> bool {
        self.session.revealed.is_known_to(&self.host)
    }

    /// What takes them out of the answer.
    pub(crate) fn scrubber(&self) -> Scrubber {
        let secrets = self.session.revealed.to(&self.host);
        Scrubber::new(secrets.iter().map(|value| value.as_str()))
    }

    /// Counts bytes that are about to be passed on, unless the grant was taken away
    /// or has ended meanwhile.
    pub(crate) fn charge(&self, direction: Direction, bytes: usize) -> Result<(), Cut> {
        self.session.charge(self.target(), direction, bytes)?;
        let count = match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        };
        count.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(())
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.session.judge.ended(&Ended {
            transport: Transport::Tcp,
            host: &self.host,
            port: self.port,
            address: self.address,
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            duration: self.began.elapsed(),
            failure: self.failure.as_deref(),
        });
    }
}

/// Serves `client`, which wanted to go to `asked`.
pub(crate) async fn serve(mut client: TcpStream, asked: SocketAddr, session: Arc<Session>) {
    let host = session.names().meant_by(asked.ip());
    let target = NetworkTarget::tcp(&host, asked.port());
    let mut permitted = false;
    let decided = session.judge.request(target, &mut |permit| {
        // What the permit is for is done by this task and nobody else.
        let _ = permit.spend();
        permitted = true;
    });
    if decided.is_err() || !permitted {
        reset(&client);
        return;
    }
    let mut connection = Connection::new(session, host, asked.port());
    let _ = client.set_nodelay(true);
    // Until both sides have ended in order: when the gate is dropped in the middle,
    // half an answer must not look like a whole one.
    reset(&client);
    let (session, host) = (Arc::clone(&connection.session), connection.host.clone());
    let withdrawn =
        withdrawn(|| session.judge.still_allows(NetworkTarget::tcp(&host, asked.port())));
    let passed = tokio::select! {
        passed = pass(&mut connection, &mut client) => passed,
        () = withdrawn => Err(Cut::Refused),
    };
    match passed {
        Ok(()) => {
            let _ = socket2::SockRef::from(&client).set_linger(None);
        }
        Err(cut) => {
            connection.failure = Some(match cut {
                Cut::Refused => "refused".to_owned(),
                Cut::Failed(error) => error.to_string(),
            });
        }
    }
}

async fn pass(connection: &mut Connection, client: &mut TcpStream) -> Result<(), Cut> {
    let judge = Arc::clone(&connection.session.judge);
    connection.slot = Some(dial::slot(&connection.session, connection.target())?);
    let mut first = Vec::new();
    let depth = judge.depth(&connection.host, connection.port);
    // A grant that has ended does not make a host forget.
    let revealed = &connection.session.revealed;
    if depth == Depth::Secrets || revealed.is_known_at(&connection.host, connection.port) {
        connection.guard();
    }
    if depth != Depth::Surface || connection.is_guarded() {
        // Whoever speaks TLS or HTTP speaks first.
        match inside::first_words(connection, client).await? {
            Words::Tls(words) => return inside::pass(connection, client, words).await,
            Words::Other(words) => first = words,
        }
    }
    let mut server = dial(connection).await?;
    let inspector = Inspector::new(false, first);
    relay::both_ways(connection, inspector, client.split(), server.split()).await
}

/// Connects to the first address that answers.
pub(crate) async fn dial(connection: &mut Connection) -> Result<TcpStream, Cut> {
    let session = Arc::clone(&connection.session);
    let addresses = dial::find(&session, connection.target()).await?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match tokio::time::timeout(PATIENCE, TcpStream::connect(address)).await {
            Ok(Ok(server)) => {
                connection.address = Some(address);
                // Small answers must not wait for each other; the kernel joins
                // what is written at once.
                let _ = server.set_nodelay(true);
                return Ok(server);
            }
            Ok(Err(error)) => last = error,
            Err(_) => last = io::ErrorKind::TimedOut.into(),
        }
    }
    Err(Cut::Failed(last))
}

/// Makes the client see an error instead of an orderly end.
fn reset(client: &TcpStream) {
    let _ = socket2::SockRef::from(client).set_linger(Some(Duration::ZERO));
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
