//! Services of the embedding application, by name and by kind.

use ringfence_permission::{HostService as HostEffect, Permit, Spent, is_host_kind};
use ringfence_types::{InstanceId, Kind};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One call of a service, as the host sees it. Everything but `params` comes
/// from the permit.
#[derive(Clone, Copy, Debug)]
pub struct HostCall<'a> {
    /// Who calls.
    pub instance: &'a InstanceId,
    /// The capability under which the call is allowed.
    pub kind: Kind,
    /// The method of the service for `host.call`, else the canonical word of
    /// the kind, such as `nodes.read`.
    pub method: &'a str,
    /// On what: a node type, a model, a collection; for `host.call` the whole
    /// `service/method`. The scope of the grant holds this, so a service must
    /// touch nothing else.
    pub object: &'a str,
    /// What the plugin sent beside it. From a stranger, bounded in size, not
    /// checked otherwise.
    pub params: &'a Value,
}

/// Something that the embedding application does for plugins.
pub trait HostService: Send + Sync {
    /// Does it, or says why not. Called at the same time from several threads.
    ///
    /// # Errors
    /// When the parameters are not acceptable or the service fails. The text
    /// goes to the plugin: no secrets in it.
    fn call(&self, call: HostCall<'_>) -> Result<Value, HostServiceError>;
}

/// Why a service did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HostServiceError {
    /// The parameters are not acceptable.
    #[error("{0}")]
    Invalid(String),
    /// The thing asked for is not there.
    #[error("{0}")]
    NotFound(String),
    /// The service failed.
    #[error("{0}")]
    Failed(String),
}

/// Why a permitted call had no answer.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceCallError {
    /// The capability is granted, but no such service or method is registered.
    #[error("the host has no such service")]
    NoService,
    /// The service said no.
    #[error("the host's service failed")]
    Service {
        /// What it said.
        source: HostServiceError,
    },
}

/// Why a service cannot be registered.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RegisterError {
    /// The name is not 1 to 128 letters, digits, `-`, `_` or `.`.
    #[error("a service's name is 1 to 128 letters, digits, `-`, `_` or `.`")]
    Name,
    /// A service of this name is there already.
    #[error("a service `{name}` is registered already")]
    Taken {
        /// The name.
        name: String,
    },
    /// Another service serves this kind.
    #[error("{kind} is served by another service already")]
    KindTaken {
        /// The kind.
        kind: Kind,
    },
    /// The kind has a gate of its own, or no host may serve it.
    #[error("{kind} cannot be served by the host application")]
    NotServable {
        /// The kind.
        kind: Kind,
    },
}

/// The services of the embedding application.
#[derive(Clone, Default)]
pub struct HostServices {
    by_name: BTreeMap<Box<str>, Arc<dyn HostService>>,
    by_kind: BTreeMap<Kind, Arc<dyn HostService>>,
}

impl HostServices {
    /// No service.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Registers a service under a name, for `host.call name/method`, and for
    /// the kinds that it serves.
    ///
    /// # Errors
    /// When the name or one of the kinds is taken or not acceptable; nothing is
    /// registered then.
    pub fn register(
        &mut self,
        name: &str,
        kinds: &[Kind],
        service: Arc<dyn HostService>,
    ) -> Result<(), RegisterError> {
        // The same rule as for an instance: no `/`, which separates the method.
        name.parse::<InstanceId>().map_err(|_| RegisterError::Name)?;
        if self.by_name.contains_key(name) {
            return Err(RegisterError::Taken { name: name.to_owned() });
        }
        for &kind in kinds {
            if !is_host_kind(kind) {
                return Err(RegisterError::NotServable { kind });
            }
            if kind != Kind::HostCall && self.by_kind.contains_key(&kind) {
                return Err(RegisterError::KindTaken { kind });
            }
        }
        for &kind in kinds {
            self.by_kind.insert(kind, Arc::clone(&service));
        }
        self.by_name.insert(name.into(), service);
        Ok(())
    }

    /// The kinds that can be performed, for [`ringfence_permission::Available`].
    /// `host.call` is among them as soon as any service is registered.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let mut kinds: Vec<Kind> = self.by_kind.keys().copied().collect();
        if !self.by_name.is_empty() && !kinds.contains(&Kind::HostCall) {
            kinds.push(Kind::HostCall);
        }
        kinds
    }

    /// Has the host do what was permitted.
    ///
    /// # Errors
    /// When no service is registered for it, or the service fails.
    pub fn call(
        &self,
        permit: Permit<'_, HostEffect>,
        params: &Value,
    ) -> Result<Value, ServiceCallError> {
        let Spent { kind, object, instance, .. } = permit.spend();
        let object = object.object;
        let (service, method) = if kind == Kind::HostCall {
            let (name, method) = object.split_once('/').ok_or(ServiceCallError::NoService)?;
            (self.by_name.get(name), method)
        } else {
            (self.by_kind.get(&kind), kind.word())
        };
        service
            .ok_or(ServiceCallError::NoService)?
            .call(HostCall { instance, kind, method, object, params })
            .map_err(|source| ServiceCallError::Service { source })
    }
}

impl fmt::Debug for HostServices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostServices")
            .field("names", &self.by_name.keys().collect::<Vec<_>>())
            .field("kinds", &self.by_kind.keys().collect::<Vec<_>>())
            .finish()
    }
}
