//! Which secrets went out to which hosts.
//!
//! A host that was sent one may keep it, and show it in the answer to another
//! request, on another connection or by another way of the same instance.

use ringfence_types::Host;
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use zeroize::Zeroizing;

/// Most values of one secret. A source may give another one for every use; of such
/// a secret the last ones are searched for.
const MOST_VALUES: usize = 32;
/// Most hosts of one value. A plugin with a wildcard can invent more: then it counts
/// as known to every host.
const MOST_HOSTS: usize = 256;

/// What an instance sent, over all its connections and all its jails. Bounded by the
/// number of secrets that were granted to it.
#[derive(Default)]
pub struct Revealed {
    known: Mutex<Known>,
    /// Grows with every value that a host had not been sent before.
    changes: AtomicU64,
}

#[derive(Default)]
struct Known {
    values: BTreeMap<String, VecDeque<Value>>,
    ports: BTreeSet<u16>,
}

struct Value {
    secret: Zeroizing<String>,
    /// `None` for every host.
    hosts: Option<BTreeSet<Host>>,
}

impl Value {
    fn is_known_to(&self, host: &Host) -> bool {
        self.hosts.as_ref().is_none_or(|hosts| hosts.contains(host))
    }
}

impl Revealed {
    /// Remembers the value of the secret `name`, before it goes out.
    pub(crate) fn remember(&self, name: &str, value: &Zeroizing<String>, host: &Host, port: u16) {
        let mut known = self.known();
        known.ports.insert(port);
        let values = known.values.entry(name.to_owned()).or_default();
        if let Some(value) = values.iter_mut().find(|one| one.secret == *value) {
            if value.is_known_to(host) {
                return;
            }
            if let Some(hosts) = &mut value.hosts {
                hosts.insert(host.clone());
            }
            value.hosts = value.hosts.take().filter(|hosts| hosts.len() <= MOST_HOSTS);
        } else {
            let hosts = Some(BTreeSet::from([host.clone()]));
            values.push_back(Value { secret: value.clone(), hosts });
            if values.len() > MOST_VALUES {
                values.pop_front();
            }
        }
        self.changes.fetch_add(1, Ordering::AcqRel);
    }

    /// The values that `host` was sent.
    pub(crate) fn to(&self, host: &Host) -> Vec<Zeroizing<String>> {
        let known = self.known();
        let all = known.values.values().flatten();
        all.filter(|value| value.is_known_to(host)).map(|value| value.secret.clone()).collect()
    }

    /// Whether `host` was sent any.
    pub(crate) fn is_known_to(&self, host: &Host) -> bool {
        self.known().values.values().flatten().any(|value| value.is_known_to(host))
    }

    /// Whether `host` was sent any, and some host at this port.
    pub(crate) fn is_known_at(&self, host: &Host, port: u16) -> bool {
        self.known().ports.contains(&port) && self.is_known_to(host)
    }

    /// Another number than before when there is more to look for.
    pub(crate) fn changes(&self) -> u64 {
        self.changes.load(Ordering::Acquire)
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Revealed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Revealed").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> Host {
        text.parse().unwrap()
    }

    fn value(text: &str) -> Zeroizing<String> {
        Zeroizing::new(text.to_owned())
    }

    #[test]
    fn a_host_is_searched_for_what_it_was_sent_and_for_nothing_else() {
        let revealed = Revealed::default();
        assert!(revealed.to(&host("a.example")).is_empty());
        revealed.remember("KEY", &value("one"), &host("a.example"), 443);
        revealed.remember("KEY", &value("two"), &host("a.example"), 443);
        revealed.remember("OTHER", &value("three"), &host("b.example"), 8443);
        assert_eq!(revealed.to(&host("a.example")), [value("one"), value("two")]);
        assert_eq!(revealed.to(&host("b.example")), [value("three")]);
        assert!(!revealed.is_known_to(&host("c.example")));
        assert!(revealed.is_known_at(&host("a.example"), 443));
        assert!(!revealed.is_known_at(&host("a.example"), 80));
        let changes = revealed.changes();
        revealed.remember("KEY", &value("two"), &host("a.example"), 443);
        assert_eq!(revealed.changes(), changes);
        revealed.remember("KEY", &value("two"), &host("b.example"), 443);
        assert_ne!(revealed.changes(), changes);
    }

    #[test]
    fn inventing_hosts_and_values_fills_no_memory_and_makes_no_host_forgotten() {
        let revealed = Revealed::default();
        for number in 0..3 * MOST_HOSTS {
            let name = format!("n{number}.example");
            revealed.remember("KEY", &value("one"), &host(&name), 443);
        }
        assert_eq!(revealed.to(&host("n0.example")), [value("one")]);
        assert!(revealed.known().values["KEY"][0].hosts.is_none());
        for number in 0..3 * MOST_VALUES {
            revealed.remember("NEW", &value(&format!("v{number}")), &host("a.example"), 443);
        }
        assert_eq!(revealed.known().values["NEW"].len(), MOST_VALUES);
        assert_eq!(revealed.known().values["KEY"].len(), 1);
    }
}
