//! Which doors may be open in our jail, and why.

/// What the policy of one jail grants beyond the least.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Features {
    /// Memory may be writable and executable, for runtimes that compile while
    /// they run.
    pub jit: bool,
    /// It has a network that ends at a gate.
    pub network: bool,
    /// It is the jail of the worker for WebAssembly, and the attack stands in the
    /// place of an engine that was broken before it began.
    pub engine: bool,
}

/// What is expected of one probe.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// Open is a failure.
    Shut,
    /// May be open in every jail.
    MayBeOpen(&'static str),
    /// May be open where the runtime compiles while it runs.
    MayBeOpenWithJit(&'static str),
    /// May be open where the engine for WebAssembly runs.
    MayBeOpenWithEngine(&'static str),
    /// May be open where there is a network that ends at a gate.
    MayBeOpenWithNetwork(&'static str),
}

/// Every probe that may be open, with the reason. Only kernel surface can be
/// excused, and at most eight entries of it.
pub const POLICY: &[(&str, Expected)] = &[
    (
        "socketpair-unix",
        Expected::MayBeOpen(
            "every runtime talks to its own children and threads over such pairs, \
             and a pair leads nowhere else",
        ),
    ),
    ("landlock-ruleset", Expected::MayBeOpen("a program may only take rights from itself with it")),
    (
        "memory-write-and-execute",
        Expected::MayBeOpenWithJit("the compiler of the runtime writes the code that it runs"),
    ),
    (
        "memory-write-then-execute",
        Expected::MayBeOpenWithJit("the compiler of the runtime seals its code after writing"),
    ),
    (
        "memory-execute-then-write",
        Expected::MayBeOpenWithJit("the compiler of the runtime patches code that ran before"),
    ),
    (
        "memory-write-then-execute-key",
        Expected::MayBeOpenWithJit("the compiler of the runtime guards its code by keys"),
    ),
];

const SOCKETS: &str = "programs open connections and ask for names with them; all end at the gate";
const ITS_OWN: &str = "the loopback is the jail's own";
const AT_THE_GATE: &str =
    "every address ends at the gate, which decides: the bait outside saw nothing";

/// Every probe that may be open where a network is attached, with the reason. What
/// is not kernel surface counts as open all the same as soon as the bait that lies
/// outside is touched.
pub const NETWORK: &[(&str, &str)] = &[
    ("socket-inet-stream", SOCKETS),
    ("socket-inet-datagram", SOCKETS),
    ("socket-inet6-stream", SOCKETS),
    ("socket-inet6-datagram", SOCKETS),
    ("tcp-bind-listen", ITS_OWN),
    ("tcp-connect-own", ITS_OWN),
    ("udp-host-loopback", ITS_OWN),
    ("tcp-host-address", AT_THE_GATE),
    ("fast-open-host-address", AT_THE_GATE),
    ("udp-host-address", AT_THE_GATE),
    ("route-to-world", AT_THE_GATE),
    ("route-to-metadata", AT_THE_GATE),
];

/// Every probe that may be open where the engine for WebAssembly runs.
pub(crate) const ENGINE: &[(&str, &str)] = &[(
    "memory-write-then-execute",
    "the worker makes the code that it is given executable, and then gives that right up",
)];

/// What is expected of the probe with that id in a jail with these features.
#[must_use]
pub fn expected(id: &str, features: Features) -> Expected {
    if features.engine
        && let Some((_, why)) = ENGINE.iter().find(|(name, _)| *name == id)
    {
        return Expected::MayBeOpenWithEngine(why);
    }
    match POLICY.iter().find(|(name, _)| *name == id).map(|(_, expected)| *expected) {
        Some(Expected::MayBeOpenWithJit(_)) if !features.jit => Expected::Shut,
        Some(expected) => expected,
        None if features.network => with_network(id),
        None => Expected::Shut,
    }
}

fn with_network(id: &str) -> Expected {
    let found = NETWORK.iter().find(|(name, _)| *name == id);
    found.map_or(Expected::Shut, |(_, why)| Expected::MayBeOpenWithNetwork(why))
}

/// Most entries of kernel surface that may be excused.
const MOST_EXCUSED: usize = 8;

const _: () = assert!(POLICY.len() <= MOST_EXCUSED, "too many doors are excused");

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Class, catalog, find};

    #[test]
    fn at_most_eight_doors_are_excused_and_all_of_them_are_kernel_surface() {
        assert!(POLICY.len() <= MOST_EXCUSED);
        for (id, _) in POLICY {
            let info = find(id).unwrap_or_else(|| panic!("{id} is no probe"));
            assert_eq!(info.class, Class::Kernel, "{id}");
        }
    }

    #[test]
    fn every_excuse_gives_a_reason_and_is_given_once() {
        for (index, (id, expected)) in POLICY.iter().enumerate() {
            assert!(POLICY[index + 1..].iter().all(|(other, _)| other != id), "{id} twice");
            match expected {
                Expected::MayBeOpen(why) | Expected::MayBeOpenWithJit(why) => {
                    assert!(why.split(' ').count() >= 6, "{id}");
                }
                other => panic!("{id} excuses nothing: {other:?}"),
            }
        }
    }

    #[test]
    fn no_boundary_resource_or_credential_probe_is_ever_excused() {
        for info in catalog().iter().filter(|info| info.class != Class::Kernel) {
            assert_eq!(
                expected(info.id, Features { jit: true, ..Features::default() }),
                Expected::Shut,
                "{}",
                info.id
            );
        }
    }

    #[test]
    fn writable_code_is_excused_only_where_the_runtime_compiles() {
        let id = "memory-write-and-execute";
        assert_eq!(expected(id, Features::default()), Expected::Shut);
        assert!(matches!(
            expected(id, Features { jit: true, ..Features::default() }),
            Expected::MayBeOpenWithJit(_)
        ));
        assert_eq!(
            expected("no-such-probe", Features { jit: true, ..Features::default() }),
            Expected::Shut
        );
    }

    #[test]
    fn what_a_network_excuses_is_shut_without_one_and_known() {
        let network = Features { network: true, ..Features::default() };
        for (id, why) in NETWORK {
            assert!(find(id).is_some(), "{id} is no probe");
            assert_eq!(
                expected(id, Features { jit: true, ..Features::default() }),
                Expected::Shut,
                "{id}"
            );
            assert_eq!(expected(id, network), Expected::MayBeOpenWithNetwork(why), "{id}");
        }
        let excused = catalog().iter().filter(|info| expected(info.id, network) != Expected::Shut);
        let boundary = excused.filter(|info| info.class != Class::Kernel).count();
        assert_eq!(boundary, 6, "only what the bait outside judges");
    }
}
