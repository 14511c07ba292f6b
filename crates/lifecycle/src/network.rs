//! Puts a gate on the ends of a jail's network.

use crate::error::RunError;
use crate::interrupt::Interrupt;
use ringfence_broker::Broker;
use ringfence_gate_network::{
    Authority, DatagramPlace, Door, Ends, Fetcher, Gate, Placeholder, Published, Resolver,
    Revealed, Setup, Traffic,
};
use ringfence_gate_secrets::Secrets;
use ringfence_permission::Grants;
use ringfence_sandbox::{Network, NetworkEnds, Plan, StartError};
use ringfence_types::{Capability, Kind, NetworkScope, SecretScope};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

/// The outer side of a jail's network.
pub(crate) struct NetworkSide {
    pub(crate) judge: Arc<Broker>,
    pub(crate) way: Way,
    /// Where somebody may come in; for the first jail of an instance only.
    pub(crate) doors: Vec<Door>,
}

/// What the jails of one instance share on their way to the network.
#[derive(Clone)]
pub(crate) struct Way {
    pub(crate) resolver: Resolver,
    pub(crate) inside: Inside,
    /// What all of them may still move.
    pub(crate) traffic: Arc<Traffic>,
    /// Which secrets all of them sent where.
    pub(crate) revealed: Arc<Revealed>,
}

impl Way {
    /// What makes requests that are asked for by a call, until one of these is raised.
    pub(crate) fn fetcher(&self, interrupts: Vec<Interrupt>) -> Fetcher {
        let (resolver, traffic) = (self.resolver.clone(), Arc::clone(&self.traffic));
        let (placeholders, revealed) =
            (self.inside.placeholders.clone(), Arc::clone(&self.revealed));
        let stop = Arc::new(move || interrupts.iter().any(Interrupt::is_raised));
        Fetcher::new(resolver, traffic, placeholders, revealed, stop)
    }
}

/// What has to be known inside a jail about the gate outside.
#[derive(Clone, Default)]
pub(crate) struct Inside {
    /// Trusted there, where TLS has to be opened.
    pub(crate) authority: Option<Arc<Authority>>,
    /// What stands there for secrets.
    pub(crate) placeholders: Vec<Placeholder>,
    /// Where it sends datagrams to.
    pub(crate) datagrams: Vec<DatagramPlace>,
}

impl Inside {
    /// Puts it into the jail: where datagrams end, certificates to trust, and in the place of each
    /// secret, under its name as a variable, what stands for it.
    pub(crate) fn show(&self, plan: &mut Plan) {
        plan.datagrams = self.datagrams.iter().map(|place| place.inside).collect();
        plan.trusted = self.authority.as_ref().map(|own| own.certificate().to_owned());
        for Placeholder { name, text } in &self.placeholders {
            plan.environment.retain(|(lent, _)| lent.to_str() != Some(name));
            plan.environment.push((name.into(), text.into()));
        }
    }

    /// What these grants need.
    pub(crate) fn of(grants: &Grants, secrets: &Secrets) -> Result<Self, RunError> {
        let scopes = |kind| grants.of_kind(kind).iter().map(|grant| grant.capability().scope());
        let places = scopes(Kind::SecretsUse).filter_map(|scope| scope.secret()?.to());
        let opens = scopes(Kind::NetworkRequest)
            .filter_map(|scope| scope.network())
            .any(NetworkScope::opens_tls)
            || places.clone().any(NetworkScope::is_https);
        let internal = |what: String| RunError::Internal { what };
        let authority = if opens {
            Some(Arc::new(Authority::new().map_err(|error| internal(error.to_string()))?))
        } else {
            None
        };
        let mut placeholders = BTreeMap::new();
        let named = grants.of_kind(Kind::SecretsUse).iter();
        for scope in named.filter_map(|grant| placed(grant.capability())) {
            secrets.check(scope.name()).map_err(|error| {
                StartError::Plan(format!("the secret `{}`: {error}", scope.name()))
            })?;
            placeholders.insert(scope.name(), new_placeholder().map_err(internal)?);
        }
        let placeholders = placeholders
            .into_iter()
            .map(|(name, text)| Placeholder { text, name: name.to_owned() })
            .collect();
        let granted = scopes(Kind::NetworkRequest)
            .filter_map(|scope| scope.network())
            .filter(|scope| scope.is_udp())
            .filter_map(|scope| Some((scope.host()?, scope.port()?)));
        let datagrams =
            DatagramPlace::all(granted).map_err(|error| StartError::Plan(error.to_string()))?;
        Ok(Self { authority, placeholders, datagrams })
    }
}

/// The secret of a grant that says where it may go.
fn placed(capability: &Capability) -> Option<&SecretScope> {
    capability.scope().secret().filter(|scope| scope.to().is_some())
}

/// Letters and digits that nobody can guess and that mean nothing.
fn new_placeholder() -> Result<String, String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|error| error.to_string())?;
    let mut text = "rfsecret_".to_owned();
    for byte in bytes {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

impl NetworkSide {
    /// Opens the gate.
    pub(crate) fn open(self, network: Network) -> Result<Gate, RunError> {
        let doors = self.doors;
        let published = network.sockets.map(|sockets| Published { doors, sockets });
        let ends = [Some(network.ipv4), network.ipv6].into_iter().flatten();
        let ends = ends.map(|NetworkEnds { listener, names }| Ends { listener, names }).collect();
        if network.datagrams.len() != self.way.inside.datagrams.len() {
            let what = "the jail has other sockets for datagrams than it was asked for".to_owned();
            return Err(RunError::Internal { what });
        }
        let datagrams = self.way.inside.datagrams.into_iter().zip(network.datagrams).collect();
        let setup = Setup {
            judge: self.judge,
            datagrams,
            resolver: self.way.resolver,
            traffic: self.way.traffic,
            authority: self.way.inside.authority,
            placeholders: self.way.inside.placeholders,
            revealed: self.way.revealed,
            published,
        };
        Gate::open(ends, setup)
            .map_err(|error| RunError::Internal { what: format!("the network gate: {error}") })
    }
}
