//! The addresses to which requests go: those that were judged, and no others.

use ringfence_types::Host;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::NextTimeout;

/// For each host and port, what was judged last.
type Places = HashMap<(Host, u16), Vec<SocketAddr>>;

/// Shared by a fetcher and its connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pinned(Arc<Mutex<Places>>);

/// Most places. A plugin with a wildcard can invent more.
const MOST_PLACES: usize = 1024;
/// As many addresses as a request tries.
const MOST: usize = 16;

impl Pinned {
    pub(crate) fn set(&self, host: &Host, port: u16, addresses: Vec<SocketAddr>) {
        let mut places = self.places();
        if places.len() >= MOST_PLACES {
            // A request of this moment may fail; none goes anywhere else.
            places.clear();
        }
        places.insert((host.clone(), port), addresses);
    }

    fn places(&self) -> MutexGuard<'_, Places> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Resolver for Pinned {
    fn resolve(
        &self,
        uri: &Uri,
        _: &Config,
        _: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let usual = if uri.scheme_str() == Some("http") { 80 } else { 443 };
        let host = uri.host().and_then(|host| host.parse::<Host>().ok());
        let found = host
            .and_then(|host| self.places().get(&(host, uri.port_u16().unwrap_or(usual))).cloned());
        let mut addresses = self.empty();
        for address in found.into_iter().flatten().take(MOST) {
            addresses.push(address);
        }
        if addresses.is_empty() { Err(ureq::Error::HostNotFound) } else { Ok(addresses) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inventing_names_fills_no_memory() {
        let pinned = Pinned::default();
        for number in 0..3 * MOST_PLACES {
            pinned.set(&format!("n{number}.example").parse().unwrap(), 443, Vec::new());
        }
        assert!(pinned.places().len() <= MOST_PLACES);
    }
}
