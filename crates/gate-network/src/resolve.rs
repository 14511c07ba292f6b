//! From a name to the addresses that may be dialled.

use crate::hosts_file;
use crate::judge::{About, Judge, Refusal};
use crate::waiting::Waiting;
use ringfence_types::{Block, Host, NetworkTarget, Reach, reach};
use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, ToSocketAddrs, UdpSocket};
use std::sync::Arc;
use std::time::Duration;

/// Longest that a look-up may take: two tries of the usual 5 seconds.
const PATIENCE: Duration = Duration::from_secs(10);

/// Nothing is sent to it (discard).
const ANY_PORT: u16 = 9;

/// Where the operator says which addresses names have on this machine.
const HOSTS_FILE: &str = "/etc/hosts";

/// How names are looked up: as every program of this machine does, but for those
/// whose addresses the operator gave, and never below the domains that
/// resolv.conf(5) lets programs search: `api.example` was granted, and not
/// `api.example.intranet`.
#[derive(Clone, Debug, Default)]
pub struct Resolver {
    given: BTreeMap<Host, Vec<IpAddr>>,
}

/// Why no address can be dialled.
#[derive(Debug)]
pub(crate) enum Unresolved {
    /// Every address that was found is refused.
    Refused(Refusal),
    /// There is none.
    Failed(io::Error),
}

impl Resolver {
    /// With addresses that the operator gave for some names. They are dialled
    /// whatever block they are in: a person named them.
    #[must_use]
    pub fn with_given(given: BTreeMap<Host, Vec<IpAddr>>) -> Self {
        Self { given }
    }

    /// With these as well.
    #[must_use]
    pub fn and_given(mut self, hosts: &BTreeMap<Host, Vec<IpAddr>>) -> Self {
        for (host, addresses) in hosts {
            self.given.entry(host.clone()).or_default().extend(addresses);
        }
        self
    }

    /// The addresses of `host` that may be dialled on `port`, looked up now and
    /// for this connection only, so that no later answer changes where it leads.
    pub(crate) async fn addresses(
        &self,
        target: NetworkTarget<'_>,
        judge: &Arc<dyn Judge>,
    ) -> Result<Vec<SocketAddr>, Unresolved> {
        if let Some(known) = self.known(target) {
            return Ok(known);
        }
        let name = target.host.clone();
        // The system's own look-up waits, so on a thread of its own.
        let looking = tokio::task::spawn_blocking(move || look_up(&name));
        let found = match tokio::time::timeout(PATIENCE, looking).await {
            Ok(Ok(found)) => found,
            Ok(Err(_)) => Err(io::Error::other("the look-up failed")),
            Err(_) => Err(io::ErrorKind::TimedOut.into()),
        };
        judged(found.map_err(Unresolved::Failed)?, target, &**judge)
    }

    /// The same for a caller that may wait so long. `held` is dropped when the look-up
    /// has ended, which may be later.
    pub(crate) fn addresses_now(
        &self,
        target: NetworkTarget<'_>,
        judge: &dyn Judge,
        waiting: &Waiting<'_>,
        held: Arc<()>,
    ) -> Result<Vec<SocketAddr>, Unresolved> {
        if let Some(known) = self.known(target) {
            return Ok(known);
        }
        let name = target.host.clone();
        let found = waiting.and_at_most(PATIENCE).act(move || {
            let found = look_up(&name);
            drop(held);
            found
        });
        judged(found.flatten().map_err(Unresolved::Failed)?, target, judge)
    }

    /// What needs no look-up: addresses that the operator gave, and one that was
    /// granted as this very address.
    fn known(&self, target: NetworkTarget<'_>) -> Option<Vec<SocketAddr>> {
        let given = self.given.get(target.host).cloned();
        Some(on_port(given.or_else(|| Some(vec![target.host.address()?]))?, target.port))
    }
}

fn on_port(addresses: Vec<IpAddr>, port: u16) -> Vec<SocketAddr> {
    addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect()
}

/// Those of the addresses that may be dialled.
fn judged(
    found: Vec<IpAddr>,
    target: NetworkTarget<'_>,
    judge: &dyn Judge,
) -> Result<Vec<SocketAddr>, Unresolved> {
    let mut allowed = Vec::new();
    let mut refused = None;
    for address in found {
        match (judge.about(target.transport, address, target.port), reach(address)) {
            (About::Denied, _) => refused = Some(Refusal::Denied { address }),
            (About::Granted, _) => allowed.push(address),
            (About::Nothing, Reach::Special(block)) => {
                refused = Some(Refusal::Address { address, block: block.plain() });
            }
            (About::Nothing, Reach::Public) if is_own(address) => {
                let block = Block::Loopback.plain();
                refused = Some(Refusal::Address { address, block });
            }
            (About::Nothing, Reach::Public) => allowed.push(address),
        }
    }
    match refused {
        Some(refusal) if allowed.is_empty() => Err(Unresolved::Refused(refusal)),
        _ if allowed.is_empty() => Err(Unresolved::Failed(io::ErrorKind::NotFound.into())),
        _ => Ok(on_port(allowed, target.port)),
    }
}

/// Whether an address belongs to this machine: the kernel then sends to it from
/// it. Whoever has a service at all addresses, behind a firewall, has it here too.
fn is_own(address: IpAddr) -> bool {
    let any: IpAddr =
        if address.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    // A socket for datagrams connects without sending anything.
    let chosen = UdpSocket::bind((any, 0)).and_then(|socket| {
        socket.connect((address, ANY_PORT))?;
        socket.local_addr()
    });
    chosen.is_ok_and(|own| own.ip().to_canonical() == address)
}

/// The system's own look-up, which waits.
fn look_up(host: &Host) -> io::Result<Vec<IpAddr>> {
    let mut name = host.to_string();
    if !host.is_single_label() {
        let table = std::fs::read(HOSTS_FILE).unwrap_or_default();
        let told = hosts_file::addresses(&String::from_utf8_lossy(&table), &name);
        if !told.is_empty() {
            return Ok(told);
        }
        // With the dot of the root it is searched nowhere else; the system's own
        // look-up then finds no name of the table above.
        name.push('.');
    }
    let found = (name.as_str(), 0).to_socket_addrs()?;
    Ok(found.map(|place| place.ip().to_canonical()).collect())
}
