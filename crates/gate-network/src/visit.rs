//! One connection from outside to a published port, from the decision to its
//! last byte. Nothing in it is looked into: what a plugin answers whoever the
//! operator lets in is between these two.

use crate::connection::Cut;
use crate::door::{Behind, Door, Listener};
use crate::doorkeeper::{VisitEnded, Visitor};
use crate::judge::Refusal;
use crate::relay::{FIRST_CHUNK, grow};
use crate::session::Session;
use crate::slot::Slot;
use crate::sockets::Sockets;
use crate::traffic::Direction;
use crate::withdrawn::withdrawn;
use std::io;
use std::num::NonZeroU16;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UnixListener, UnixStream};

/// Longest wait until the plugin is connected.
const PATIENCE: Duration = Duration::from_secs(10);

/// Lets in whoever comes through `door`. Within an event loop.
pub(crate) async fn receive(door: Door, sockets: Arc<Sockets>, session: Arc<Session>) {
    let (listener, behind) = door.take();
    let listener = match listener {
        Listener::Unix(listener) => UnixListener::from_std(listener).map(Listening::Unix),
        Listener::Loopback(listener) => TcpListener::from_std(listener).map(Listening::Loopback),
    };
    let Ok(listener) = listener else { return };
    let Behind { port, .. } = &behind;
    loop {
        match listener.accept().await {
            Ok((client, visitor)) => {
                let (sockets, session) = (Arc::clone(&sockets), Arc::clone(&session));
                tokio::spawn(serve(client, visitor, *port, sockets, session));
            }
            // Out of descriptors, or the visitor left: either passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

enum Listening {
    Unix(UnixListener),
    Loopback(TcpListener),
}

impl Listening {
    async fn accept(&self) -> io::Result<(Client, Visitor)> {
        match self {
            Self::Unix(listener) => {
                let (client, _) = listener.accept().await?;
                let uid = client.peer_cred()?.uid();
                Ok((Client::Unix(client), Visitor::User { uid }))
            }
            Self::Loopback(listener) => {
                let (client, from) = listener.accept().await?;
                let _ = client.set_nodelay(true);
                Ok((Client::Loopback(client), Visitor::Loopback(from)))
            }
        }
    }
}

enum Client {
    Unix(UnixStream),
    Loopback(TcpStream),
}

impl Client {
    fn split(
        &mut self,
    ) -> (Box<dyn AsyncRead + Send + Unpin + '_>, Box<dyn AsyncWrite + Send + Unpin + '_>) {
        match self {
            Self::Unix(client) => {
                let (from, to) = client.split();
                (Box::new(from), Box::new(to))
            }
            Self::Loopback(client) => {
                let (from, to) = client.split();
                (Box::new(from), Box::new(to))
            }
        }
    }

    /// Makes the visitor see an error instead of an orderly end, where there is
    /// such a thing.
    fn reset(&self) {
        if let Self::Loopback(client) = self {
            linger(client, Some(Duration::ZERO));
        }
    }

    /// Takes [`Client::reset`] back.
    fn keep(&self) {
        if let Self::Loopback(client) = self {
            linger(client, None);
        }
    }
}

fn linger(stream: &TcpStream, time: Option<Duration>) {
    let _ = socket2::SockRef::from(stream).set_linger(time);
}

/// One that was let in. Its end is recorded when this is dropped, also when the
/// gate closes.
struct Visit {
    session: Arc<Session>,
    port: NonZeroU16,
    visitor: Visitor,
    sent: AtomicU64,
    received: AtomicU64,
    began: Instant,
    failure: Option<String>,
}

impl Visit {
    /// Counts bytes that are about to be passed on.
    fn charge(&self, direction: Direction, bytes: usize) -> Result<(), Cut> {
        if !self.session.judge.still_lets_in(self.port) {
            return Err(Cut::Refused);
        }
        match self.session.traffic.charge(direction, bytes) {
            Ok(warning) => {
                if let Some(warning) = warning {
                    self.session.judge.nearly_used(warning);
                }
                let count = match direction {
                    Direction::Sent => &self.sent,
                    Direction::Received => &self.received,
                };
                count.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
                Ok(())
            }
            Err(exceeded) => Err(self.refuse(Refusal::Budget(exceeded))),
        }
    }

    fn refuse(&self, refusal: Refusal) -> Cut {
        self.session.judge.visit_refused(self.port, refusal);
        Cut::Refused
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        self.session.judge.visit_ended(&VisitEnded {
            port: self.port,
            visitor: self.visitor,
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            duration: self.began.elapsed(),
            failure: self.failure.as_deref(),
        });
    }
}

async fn serve(
    mut client: Client,
    visitor: Visitor,
    port: NonZeroU16,
    sockets: Arc<Sockets>,
    session: Arc<Session>,
) {
    let mut permitted = false;
    let decided = session.judge.visit(port, &visitor, &mut |permit| {
        // What the permit is for is done by this task and nobody else.
        let _ = permit.spend();
        permitted = true;
    });
    if decided.is_err() || !permitted {
        client.reset();
        return;
    }
    let mut visit = Visit {
        session,
        port,
        visitor,
        sent: AtomicU64::new(0),
        received: AtomicU64::new(0),
        began: Instant::now(),
        failure: None,
    };
    // Until both sides have ended in order: when the gate is dropped in the middle,
    // half an answer must not look like a whole one.
    client.reset();
    let passed = tokio::select! {
        passed = pass(&visit, &mut client, &sockets) => passed,
        () = withdrawn(|| visit.session.judge.still_lets_in(port)) => Err(Cut::Refused),
    };
    match passed {
        Ok(()) => client.keep(),
        Err(cut) => {
            visit.failure = Some(match cut {
                Cut::Refused => "refused".to_owned(),
                Cut::Failed(error) => error.to_string(),
            });
        }
    }
}

async fn pass(visit: &Visit, client: &mut Client, sockets: &Sockets) -> Result<(), Cut> {
    // Held as long as there is a socket to the plugin.
    let Some(_slot) = Slot::take() else { return Err(visit.refuse(Refusal::Full)) };
    let mut plugin = tokio::time::timeout(PATIENCE, sockets.connect(visit.port))
        .await
        .unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()))?;
    let passed = {
        let (from_client, to_client) = client.split();
        let (from_plugin, to_plugin) = plugin.split();
        let inwards = copy(visit, Direction::Received, from_client, to_plugin);
        let outwards = copy(visit, Direction::Sent, from_plugin, to_client);
        tokio::try_join!(inwards, outwards)
    };
    if passed.is_err() {
        linger(&plugin, Some(Duration::ZERO));
    }
    passed.map(|((), ())| ())
}

/// Passes bytes on in one direction to its end, each counted before.
async fn copy(
    visit: &Visit,
    direction: Direction,
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
) -> Result<(), Cut> {
    let mut buffer = vec![0; FIRST_CHUNK];
    loop {
        let length = from.read(&mut buffer).await?;
        if length == 0 {
            // The other direction may go on.
            to.shutdown().await?;
            return Ok(());
        }
        visit.charge(direction, length)?;
        to.write_all(buffer.get(..length).unwrap_or(&[])).await?;
        grow(&mut buffer, length);
    }
}
