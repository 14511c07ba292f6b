//! Which kinds this process can perform at all.

use ringfence_types::{Capability, Kind};

/// The kinds that have a gate in this process. What is not in here is never
/// granted, whoever asks for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Available {
    kinds: u64,
}

/// A kind that no host service may stand in for.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} cannot be served by the host application")]
pub struct NotServable {
    /// The kind that was offered.
    pub kind: Kind,
}

/// Kinds with a gate of their own in this version.
const BUILT_IN: &[Kind] = &[
    Kind::NetworkRequest,
    Kind::NetworkListen,
    Kind::SecretsUse,
    Kind::FilesRead,
    Kind::FilesWrite,
    Kind::FilesDelete,
    Kind::StorageRead,
    Kind::StorageWrite,
    Kind::EventsPublish,
    Kind::EventsSubscribe,
    Kind::EnvironmentRead,
    Kind::ConfigRead,
    Kind::ConfigWrite,
    Kind::ProcessExecute,
];

/// Whether the embedding application may register a service for `kind`.
///
/// Network, secrets and calls between plugins are not among them: they need a
/// gate of ours that holds the scope.
#[must_use]
pub const fn is_host_kind(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::KnowledgeQuery
            | Kind::NodesRead
            | Kind::NodesWrite
            | Kind::NodesDelete
            | Kind::RelationshipsCreate
            | Kind::RelationshipsRead
            | Kind::UserProfile
            | Kind::UserPreferences
            | Kind::HooksRegister
            | Kind::ProjectRead
            | Kind::AiComplete
            | Kind::HostCall
    )
}

const fn bit(kind: Kind) -> u64 {
    1 << (kind as u32)
}

// A 65th kind would need a wider set.
const _: () = assert!(Kind::ALL.len() <= 64);

impl Available {
    /// Nothing at all.
    #[must_use]
    pub const fn none() -> Self {
        Self { kinds: 0 }
    }

    /// Every kind that has a gate in this version: network, files, storage, events,
    /// environment, configuration, processes.
    #[must_use]
    pub fn built_in() -> Self {
        Self { kinds: BUILT_IN.iter().fold(0, |set, kind| set | bit(*kind)) }
    }

    /// Adds kinds that the embedding application registered a service for.
    ///
    /// # Errors
    /// When a host service may not serve one of them.
    pub fn with_host_kinds(
        mut self,
        kinds: impl IntoIterator<Item = Kind>,
    ) -> Result<Self, NotServable> {
        for kind in kinds {
            if !is_host_kind(kind) {
                return Err(NotServable { kind });
            }
            self.kinds |= bit(kind);
        }
        Ok(self)
    }

    /// Takes one kind out, such as `process.execute` where no runner exists.
    #[must_use]
    pub const fn without(mut self, kind: Kind) -> Self {
        self.kinds &= !bit(kind);
        self
    }

    /// Adds a kind whose gate is still to come, to test the rules about it.
    #[cfg(test)]
    pub(crate) const fn with(mut self, kind: Kind) -> Self {
        self.kinds |= bit(kind);
        self
    }

    /// Whether what `capability` allows can be performed, and nothing beyond:
    /// datagrams go to one host each.
    #[must_use]
    pub fn enforces(&self, capability: &Capability) -> bool {
        self.contains(capability.kind())
            && !capability.scope().network().is_some_and(|s| s.is_udp() && s.host().is_none())
    }

    /// Whether `kind` can be performed.
    #[must_use]
    pub const fn contains(&self, kind: Kind) -> bool {
        self.kinds & bit(kind) != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_cannot_register_itself_as_the_network_or_the_secrets() {
        for kind in [
            Kind::NetworkListen,
            Kind::NetworkRequest,
            Kind::SecretsUse,
            Kind::PluginCall,
            Kind::FilesRead,
        ] {
            assert_eq!(Available::built_in().with_host_kinds([kind]), Err(NotServable { kind }));
        }
    }

    #[test]
    fn every_kind_is_built_in_or_the_hosts_or_never_available() {
        let all = Available::built_in()
            .with_host_kinds(Kind::ALL.iter().copied().filter(|kind| is_host_kind(*kind)))
            .unwrap();
        let missing: Vec<Kind> =
            Kind::ALL.iter().copied().filter(|kind| !all.contains(*kind)).collect();
        assert_eq!(missing, [Kind::PluginCall]);
        assert!(!Available::none().contains(Kind::FilesRead));
        assert!(
            !Available::built_in().without(Kind::ProcessExecute).contains(Kind::ProcessExecute)
        );
    }
}
