//! Datagrams of a plugin to one granted host and port, sorted into flows.
//!
//! A flow is what one socket of the plugin sends to the place, and what comes back.
//! Nothing that a datagram brings makes anything grow: there is one buffer for each
//! place, and there are as many flows as the instance may have connections.

use crate::datagram_place::DatagramPlace;
use crate::flow::{self, Flow};
use crate::session::Session;
use ringfence_types::NetworkTarget;
use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;
use tokio::net::UdpSocket;

/// More than the longest datagram.
const LONGEST: usize = 64 * 1024;

/// Datagrams without a pause after which the gate rests: its processor time is the
/// host's, and the other connections of the jail wait for the same thread. What does
/// not fit into the socket meanwhile is lost, as on any network.
const AT_ONCE: u32 = 128;
const REST: Duration = Duration::from_millis(1);
/// The same for those that were refused, where each costs a decision.
const REFUSED_AT_ONCE: u32 = 16;
const LONG_REST: Duration = Duration::from_millis(10);

/// The inner side of one place.
pub(crate) struct Inner {
    pub(crate) place: DatagramPlace,
    pub(crate) session: Arc<Session>,
    /// Bound to what the plugin sends to.
    socket: UdpSocket,
    /// By the plugin's own address and port. A flow belongs to the task that serves
    /// it and ends with that.
    flows: Mutex<HashMap<SocketAddr, Weak<Flow>>>,
    buffer: Mutex<Box<[u8]>>,
    pub(crate) idle: Duration,
}

/// What became of a datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Taken,
    Refused,
}

/// Serves what arrives at `socket`.
pub(crate) async fn receive(
    place: DatagramPlace,
    socket: UdpSocket,
    session: Arc<Session>,
    idle: Duration,
) {
    let inner = Arc::new(Inner::new(place, socket, session, idle));
    let (mut taken, mut refused) = (0, 0);
    loop {
        match inner.next() {
            Ok(Fate::Taken) => taken += 1,
            Ok(Fate::Refused) => refused += 1,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                taken = 0;
                let _ = inner.socket.readable().await;
            }
            Err(_) => refused += 1,
        }
        if refused == REFUSED_AT_ONCE {
            refused = 0;
            tokio::time::sleep(LONG_REST).await;
        }
        if taken == AT_ONCE {
            taken = 0;
            tokio::time::sleep(REST).await;
        }
    }
}

impl Inner {
    pub(crate) fn new(
        place: DatagramPlace,
        socket: UdpSocket,
        session: Arc<Session>,
        idle: Duration,
    ) -> Self {
        let buffer = Mutex::new(vec![0; LONGEST].into());
        Self { place, session, socket, flows: Mutex::default(), buffer, idle }
    }

    /// Takes one datagram of the plugin.
    fn next(self: &Arc<Self>) -> io::Result<Fate> {
        let mut buffer = self.buffer();
        let (length, client) = self.socket.try_recv_from(&mut buffer)?;
        let bytes = buffer.get(..length).unwrap_or(&[]);
        let known = self.flows().get(&client).map(Weak::upgrade);
        match known {
            Some(Some(flow)) if flow.send(bytes) => Ok(Fate::Taken),
            Some(Some(_)) => Ok(Fate::Refused),
            Some(None) | None => Ok(self.begin(client, bytes)),
        }
    }

    /// The first datagram of a flow.
    fn begin(self: &Arc<Self>, client: SocketAddr, bytes: &[u8]) -> Fate {
        let mut permitted = false;
        let decided = self.session.judge.request(self.target(), &mut |permit| {
            // What the permit is for is done by the flow and nobody else.
            let _ = permit.spend();
            permitted = true;
        });
        if decided.is_err() || !permitted {
            return Fate::Refused;
        }
        let flow = Arc::new(Flow::new(Arc::clone(self), client));
        flow.send(bytes);
        self.flows().insert(client, Arc::downgrade(&flow));
        tokio::spawn(flow::serve(flow));
        Fate::Taken
    }

    pub(crate) const fn target(&self) -> NetworkTarget<'_> {
        NetworkTarget::udp(&self.place.host, self.place.port)
    }

    /// Gives the plugin an answer. Who does not take its answers loses them.
    pub(crate) fn answer(&self, client: SocketAddr, bytes: &[u8]) {
        let _ = self.socket.try_send_to(bytes, client);
    }

    /// Forgets a flow that has ended.
    pub(crate) fn forget(&self, client: SocketAddr) {
        self.flows().remove(&client);
    }

    /// Room for one datagram. Never held over a wait.
    pub(crate) fn buffer(&self) -> MutexGuard<'_, Box<[u8]>> {
        self.buffer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn flows(&self) -> MutexGuard<'_, HashMap<SocketAddr, Weak<Flow>>> {
        self.flows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
