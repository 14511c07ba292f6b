//! One flow of datagrams, from the decision to its last datagram.

use crate::connection::Cut;
use crate::datagrams::Inner;
use crate::dial;
use crate::judge::{Ended, Refusal};
use crate::slot::Slot;
use crate::traffic::Direction;
use ringfence_types::{Block, Transport};
use std::collections::VecDeque;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::{Duration, Instant};
use tokio::io::Interest;
use tokio::net::UdpSocket;
use tokio::sync::Notify;

/// A flow is over when neither side has sent anything for so long.
pub(crate) const IDLE: Duration = Duration::from_secs(30);

/// What the headers of a datagram count, so that empty ones are not free.
const HEADERS: usize = 28;

/// Most that waits while the host is looked up: one datagram of any size, or some of
/// the usual one.
const MOST_WAITING: usize = 32;
const MOST_BYTES_WAITING: usize = 64 * 1024;

/// Answers that are passed on before somebody else's turn.
const AT_ONCE: usize = 64;

/// What came between making a socket and connecting it, at most: more than fits.
const MOST_STRAY: usize = 1024;

/// One flow that was allowed. Its end is recorded when this is dropped, also when
/// the gate closes.
pub(crate) struct Flow {
    inner: Arc<Inner>,
    /// Where the plugin has sent from.
    client: SocketAddr,
    /// Connected, so that the kernel takes datagrams of this peer and no other.
    server: OnceLock<UdpSocket>,
    address: OnceLock<SocketAddr>,
    waiting: Mutex<VecDeque<Box<[u8]>>>,
    sent: AtomicU64,
    received: AtomicU64,
    began: Instant,
    last: Mutex<Instant>,
    /// The gate refused to go on; it is recorded.
    refused: AtomicBool,
    cut: Notify,
    /// Why it ended, or what the network said of it last.
    failure: Mutex<Option<String>>,
}

impl Flow {
    /// One of which nothing was passed on yet.
    pub(crate) fn new(inner: Arc<Inner>, client: SocketAddr) -> Self {
        let now = Instant::now();
        Self {
            inner,
            client,
            server: OnceLock::new(),
            address: OnceLock::new(),
            waiting: Mutex::default(),
            sent: AtomicU64::new(0),
            received: AtomicU64::new(0),
            began: now,
            last: Mutex::new(now),
            refused: AtomicBool::new(false),
            cut: Notify::new(),
            failure: Mutex::default(),
        }
    }

    /// Takes a datagram of the plugin; no when the flow is over.
    pub(crate) fn send(&self, bytes: &[u8]) -> bool {
        if self.refused.load(Ordering::Relaxed) {
            return false;
        }
        if let Some(server) = self.server.get() {
            return self.forward(server, bytes).is_ok();
        }
        let mut waiting = lock(&self.waiting);
        let held: usize = waiting.iter().map(|held| held.len()).sum();
        // Whoever sends datagrams knows that one can be lost.
        if waiting.len() < MOST_WAITING && held.saturating_add(bytes.len()) <= MOST_BYTES_WAITING {
            waiting.push_back(bytes.into());
        }
        true
    }

    fn forward(&self, server: &UdpSocket, bytes: &[u8]) -> Result<(), Cut> {
        self.charge(Direction::Sent, bytes.len())?;
        *lock(&self.last) = Instant::now();
        match server.try_send(bytes) {
            // There is no room, as may happen on any way.
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => {
                // What it tells is about an earlier one; this one was not sent yet.
                self.note(&error);
                let _ = server.try_send(bytes);
            }
            Ok(_) => {}
        }
        Ok(())
    }

    /// Counts a datagram that is about to be passed on, unless the grant was taken
    /// away or has ended meanwhile.
    fn charge(&self, direction: Direction, length: usize) -> Result<(), Cut> {
        let bytes = length.saturating_add(HEADERS);
        let charged = self.inner.session.charge(self.inner.target(), direction, bytes);
        if charged.is_err() {
            self.refused.store(true, Ordering::Relaxed);
            self.cut.notify_one();
            return charged;
        }
        let count = match direction {
            Direction::Sent => &self.sent,
            Direction::Received => &self.received,
        };
        count.fetch_add(u64::try_from(bytes).unwrap_or(u64::MAX), Ordering::Relaxed);
        Ok(())
    }

    fn note(&self, error: &io::Error) {
        *lock(&self.failure) = Some(error.to_string());
    }

    /// Notes what the network says of the place, such as that nobody listens there.
    fn hear(&self, server: &UdpSocket) {
        let _ = server.try_io(Interest::ERROR, || {
            if let Some(error) = server.take_error()? {
                self.note(&error);
            }
            // There is no more than one.
            Err::<(), _>(io::ErrorKind::WouldBlock.into())
        });
    }

    /// Passes one answer on; no when there is none.
    fn receive(&self, server: &UdpSocket) -> Result<bool, Cut> {
        let mut buffer = self.inner.buffer();
        match server.try_recv(&mut buffer) {
            Ok(length) => {
                self.charge(Direction::Received, length)?;
                *lock(&self.last) = Instant::now();
                // Whatever was said of the place before, it answers.
                *lock(&self.failure) = None;
                self.inner.answer(self.client, buffer.get(..length).unwrap_or(&[]));
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(false),
            Err(error) => {
                self.note(&error);
                Ok(true)
            }
        }
    }
}

impl Drop for Flow {
    fn drop(&mut self) {
        self.inner.session.judge.ended(&Ended {
            transport: Transport::Udp,
            host: &self.inner.place.host,
            port: self.inner.place.port,
            address: self.address.get().copied(),
            sent: self.sent.load(Ordering::Relaxed),
            received: self.received.load(Ordering::Relaxed),
            duration: self.began.elapsed(),
            failure: lock(&self.failure).as_deref(),
        });
    }
}

/// Serves a flow until it was quiet for long enough, or is cut.
pub(crate) async fn serve(flow: Arc<Flow>) {
    let ended = tokio::select! {
        biased;
        () = flow.cut.notified() => Err(Cut::Refused),
        ended = pass(&flow) => ended,
    };
    match ended {
        Ok(()) => {}
        Err(Cut::Refused) => *lock(&flow.failure) = Some("refused".to_owned()),
        Err(Cut::Failed(error)) => flow.note(&error),
    }
    flow.inner.forget(flow.client);
}

async fn pass(flow: &Flow) -> Result<(), Cut> {
    // Held as long as there is a socket to the server.
    let (_slot, server, address) = open(flow).await?;
    let _ = flow.address.set(address);
    server.writable().await?;
    let server = flow.server.get_or_init(|| server);
    let waiting = std::mem::take(&mut *lock(&flow.waiting));
    for bytes in waiting {
        flow.forward(server, &bytes)?;
    }
    loop {
        let over = tokio::time::Instant::from_std(*lock(&flow.last) + flow.inner.idle);
        tokio::select! {
            ready = server.ready(Interest::READABLE | Interest::ERROR) => {
                if ready?.is_error() {
                    flow.hear(server);
                }
                for _ in 0..AT_ONCE {
                    if !flow.receive(server)? {
                        break;
                    }
                }
                tokio::task::yield_now().await;
            }
            () = tokio::time::sleep_until(over) => {
                if lock(&flow.last).elapsed() >= flow.inner.idle {
                    return Ok(());
                }
            }
        }
    }
}

/// A socket that is connected to the first address that the machine has a way to.
async fn open(flow: &Flow) -> Result<(Slot, UdpSocket, SocketAddr), Cut> {
    let session = &flow.inner.session;
    let slot = dial::slot(session, flow.inner.target())?;
    let addresses = dial::find(session, flow.inner.target()).await?;
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for place in addresses {
        let address = place.ip();
        if let Some(block) = has_many_receivers(address) {
            let block = block.plain();
            session.judge.refused(flow.inner.target(), Refusal::Address { address, block });
            return Err(Cut::Refused);
        }
        match connect(place) {
            Ok(server) => return Ok((slot, server, place)),
            Err(error) => last = error,
        }
    }
    Err(Cut::Failed(last))
}

/// Whatever was granted or given, this is never sent to. Broadcasts to a network of
/// the machine the kernel refuses, since no socket here asks for them.
fn has_many_receivers(address: IpAddr) -> Option<Block> {
    let address = address.to_canonical();
    if address.is_multicast() {
        Some(Block::Multicast)
    } else if address == IpAddr::V4(Ipv4Addr::BROADCAST) {
        Some(Block::Broadcast)
    } else if address.is_unspecified() {
        Some(Block::Loopback)
    } else {
        None
    }
}

fn connect(place: SocketAddr) -> io::Result<UdpSocket> {
    let (domain, kind) = (socket2::Domain::for_address(place), socket2::Type::DGRAM);
    let socket = socket2::Socket::new(domain, kind, Some(socket2::Protocol::UDP))?;
    socket.set_nonblocking(true)?;
    socket.connect(&place.into())?;
    let socket = std::net::UdpSocket::from(socket);
    // The port is there a moment before the peer is: whatever came in between is no
    // answer, since nothing was asked yet.
    for _ in 0..MOST_STRAY {
        if socket.recv(&mut [0]).is_err() {
            break;
        }
    }
    UdpSocket::from_std(socket)
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "flow_tests.rs"]
mod tests;
