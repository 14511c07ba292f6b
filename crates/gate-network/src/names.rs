//! The addresses that stand for names inside one jail.
//!
//! A plugin that asks for an allowed name gets an address that stands for it in
//! this jail. Which name it connects to is then known without looking into
//! anything, and the true address is looked up by the gate, once for every
//! connection.
//!
//! The addresses look public: careful clients look up a name first and refuse
//! what leads to a private block or one for tests. They are a few of 29.198.0.0/16,
//! which one military network holds and offers nothing in; a grant for one of
//! these few as an address would be taken for the name that it stands for.

use ringfence_types::Host;
use std::collections::HashMap;
use std::net::{IpAddr, Ipv4Addr};

/// First of the addresses.
const FIRST: Ipv4Addr = Ipv4Addr::new(29, 198, 0, 1);
/// Most names of one jail. A plugin with a wildcard can invent more.
const MOST: usize = 4096;

/// Names and their addresses, in the order in which they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<Host, usize>,
    names: Vec<Host>,
}

impl Names {
    /// The address for `name`; `None` when there are too many names.
    pub(crate) fn address_of(&mut self, name: &Host) -> Option<Ipv4Addr> {
        let number = match self.numbers.get(name) {
            Some(number) => *number,
            None if self.names.len() >= MOST => return None,
            None => {
                let number = self.names.len();
                self.names.push(name.clone());
                self.numbers.insert(name.clone(), number);
                number
            }
        };
        Some(Ipv4Addr::from_bits(FIRST.to_bits().saturating_add(u32::try_from(number).ok()?)))
    }

    /// What the plugin meant by `address`: the name that it stands for, else the
    /// address itself.
    pub(crate) fn meant_by(&self, address: IpAddr) -> Host {
        let address = address.to_canonical();
        let number = match address {
            IpAddr::V4(address) => address.to_bits().checked_sub(FIRST.to_bits()),
            IpAddr::V6(_) => None,
        };
        number
            .and_then(|number| self.names.get(usize::try_from(number).ok()?))
            .cloned()
            .unwrap_or_else(|| address.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_types::{Reach, reach};

    fn name(text: &str) -> Host {
        text.parse().unwrap()
    }

    #[test]
    fn a_name_keeps_its_address_and_an_address_its_name() {
        let mut names = Names::default();
        let first = names.address_of(&name("a.example")).unwrap();
        let second = names.address_of(&name("b.example")).unwrap();
        assert_eq!(first, FIRST);
        assert_eq!(names.address_of(&name("A.EXAMPLE.")), Some(first));
        assert_ne!(first, second);
        assert_eq!(names.meant_by(second.into()), name("b.example"));
        assert_eq!(names.meant_by(first.to_ipv6_mapped().into()), name("a.example"));
    }

    #[test]
    fn an_address_that_stands_for_no_name_is_itself() {
        let mut names = Names::default();
        names.address_of(&name("a.example")).unwrap();
        for text in ["29.198.0.0", "29.198.0.2", "29.199.0.0", "10.0.0.1", "::1", "0.0.0.0"] {
            let address: IpAddr = text.parse().unwrap();
            assert_eq!(names.meant_by(address).address(), Some(address));
        }
    }

    #[test]
    fn every_address_looks_public_to_a_careful_client() {
        let last = Ipv4Addr::from_bits(FIRST.to_bits() + u32::try_from(MOST).unwrap() - 1);
        for address in [FIRST, last] {
            assert_eq!(reach(address.into()), Reach::Public);
        }
    }

    #[test]
    fn inventing_names_fills_no_memory() {
        let mut names = Names::default();
        for number in 0..2 * MOST {
            let address = names.address_of(&name(&format!("n{number}.example")));
            assert_eq!(address.is_some(), number < MOST);
        }
        assert!(names.address_of(&name("n0.example")).is_some());
    }
}
