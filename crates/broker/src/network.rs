//! The same five steps for what comes through the network gate instead of the
//! control channel: any program can open a connection, none has to ask.

use crate::broker::{Broker, lock};
use crate::charge::Charges;
use ringfence_gate_network::{About, Depth, Ended, Judge, Refusal};
use ringfence_limits::NearlyUsed;
use ringfence_permission::{NetworkRequest, Permit, SecretsUse, decide};
use ringfence_types::{
    Denial, Host, Kind, NetworkTarget, Pattern, SecretScope, SecretTarget, Transport, WithheldBy,
};
use std::net::IpAddr;
use zeroize::Zeroizing;

/// The port whose grant is suggested when only a name is known.
const USUAL_PORT: u16 = 443;

impl Judge for Broker {
    fn may_ask_for(&self, name: &Host) -> bool {
        let now_ms = self.clock.now_ms();
        if self.grants.resolves(name, now_ms) {
            return true;
        }
        let target = NetworkTarget::tcp(name, USUAL_PORT);
        let denial = match decide::<NetworkRequest>(&self.grants, target, now_ms) {
            Err(denial) => denial,
            // A grant that ended between the two looks.
            Ok(_) => Denial::not_granted(KIND, &target.to_string(), WithheldBy::Revoked),
        };
        self.network_denied("network.name", &denial);
        false
    }

    fn request(
        &self,
        target: NetworkTarget<'_>,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        let charge = Charge::Way(target.transport);
        self.network_step(method(target.transport), target, Some(&charge), perform)
    }

    fn look(
        &self,
        target: NetworkTarget<'_>,
        is_first: bool,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        let charge = (!is_first).then_some(&Charge::Request);
        self.network_step("network.request", target, charge, perform)
    }

    fn depth(&self, host: &Host, port: u16) -> Depth {
        let now_ms = self.clock.now_ms();
        let any = |kind: Kind, holds: &dyn Fn(&Pattern) -> bool| {
            let live = self.grants.of_kind(kind).iter().filter(|g| g.lease().is_live(now_ms));
            live.map(|grant| grant.capability().scope()).any(holds)
        };
        let target = NetworkTarget::tcp(host, port);
        let secrets = any(Kind::SecretsUse, &|scope| {
            scope.secret().and_then(SecretScope::to).is_some_and(|to| to.matches(&target))
        });
        let opens = |scope: &Pattern| scope.network().is_some_and(|s| s.opens_tls_with(host, port));
        if secrets {
            Depth::Secrets
        } else if any(KIND, &opens) {
            Depth::Requests
        } else {
            Depth::Surface
        }
    }

    fn binds(&self, request: NetworkTarget<'_>, secret: Option<SecretTarget<'_>>) -> bool {
        let now_ms = self.clock.now_ms();
        let kind = if secret.is_some() { Kind::SecretsUse } else { KIND };
        let free = |scope: &Pattern| match &secret {
            None => scope.network().is_some_and(|s| !s.looks_inside() && s.matches(&request)),
            Some(secret) => scope.secret().is_some_and(|scope| {
                scope.matches(secret) && scope.to().is_some_and(|to| !to.looks_inside())
            }),
        };
        let live = self.grants.of_kind(kind).iter().filter(|grant| grant.lease().is_live(now_ms));
        let is_free = live.map(|grant| grant.capability().scope()).any(free);
        // What is denied may be denied by method or path.
        let place = NetworkTarget::tcp(request.host, request.port);
        let inside = |scope: &Pattern| {
            let to = match &secret {
                None => scope.network(),
                Some(secret) => {
                    scope.secret().filter(|one| one.name() == secret.name).and_then(SecretScope::to)
                }
            };
            to.is_some_and(|to| to.looks_inside() && to.may_be_at(&place))
        };
        !is_free || self.grants.denied(kind).iter().any(inside)
    }

    fn secret(&self, target: SecretTarget<'_>) -> Option<Zeroizing<String>> {
        let method = "secrets.use";
        let permit = decide::<SecretsUse>(&self.grants, target, self.clock.now_ms())
            .inspect_err(|denial| self.network_denied(method, denial))
            .ok()?;
        let object = target.to_string();
        // Recorded before it goes out: no record, no effect.
        if let Err(error) = self.recorder.allowed_object(method, Kind::SecretsUse, &object) {
            let denial = Denial::not_recorded(Kind::SecretsUse, &object, error.to_string());
            self.network_denied(method, &denial);
            return None;
        }
        match self.gates.secrets.reveal(permit) {
            Ok(secret) => Some(Zeroizing::new(secret.expose().to_owned())),
            Err(error) => {
                let denial = Denial::invalid(Kind::SecretsUse, &object, error.to_string());
                self.network_denied(method, &denial);
                None
            }
        }
    }

    fn still_allows(&self, target: NetworkTarget<'_>) -> bool {
        decide::<NetworkRequest>(&self.grants, target, self.clock.now_ms())
            .inspect_err(|denial| self.network_denied(method(target.transport), denial))
            .is_ok()
    }

    fn about(&self, transport: Transport, address: IpAddr, port: u16) -> About {
        let host = Host::from(address);
        let target = NetworkTarget::over(transport, &host, port);
        let touches = |scope: &Pattern| scope.network().is_none_or(|s| s.may_touch(&target));
        if self.grants.denied(KIND).iter().any(touches) {
            About::Denied
        } else if decide::<NetworkRequest>(&self.grants, target, self.clock.now_ms()).is_ok() {
            About::Granted
        } else {
            About::Nothing
        }
    }

    fn refused(&self, target: NetworkTarget<'_>, refusal: Refusal) {
        let object = target.to_string();
        let denial = match refusal {
            Refusal::Address { address, block } => {
                let literal = NetworkTarget { host: &address.into(), ..target }.to_string();
                let reason = format!(
                    "it leads to {address} ({block}), and a name reaches public addresses only"
                );
                let denial = Denial::not_granted(KIND, &literal, WithheldBy::Scope);
                // Nobody can grant datagrams to many receivers at once.
                let is_scope = Pattern::parse(KIND, &literal).is_ok();
                let repair = denial.repair.filter(|_| is_scope);
                Denial { reason, object, repair, ..denial }
            }
            Refusal::Denied { address } => Denial {
                reason: format!("it leads to {address}, which is denied"),
                ..Denial::not_granted(KIND, &object, WithheldBy::Policy)
            },
            Refusal::Full => {
                let reason = "the host's file descriptors for connections are used up";
                Denial::budget(KIND, &object, reason.to_owned())
            }
            Refusal::Budget(exceeded) => Denial::budget(KIND, &object, exceeded.to_string()),
            Refusal::Greeting(reason) => {
                Denial::invalid(KIND, &object, format!("TLS failed: {reason}"))
            }
            Refusal::Malformed(reason) => Denial::invalid(KIND, &object, reason),
        };
        self.network_denied(method(target.transport), &denial);
    }

    fn nearly_used(&self, warning: NearlyUsed) {
        // A warning is no effect: whatever becomes of it, the connection goes on.
        let _ = self.recorder.nearly_used(warning);
    }

    fn ended(&self, connection: &Ended<'_>) {
        way_ended(&mut lock(&self.charges), connection.transport);
        {
            let usage = &mut lock(&self.tally).usage;
            usage.network_sent = usage.network_sent.saturating_add(connection.sent);
            usage.network_received = usage.network_received.saturating_add(connection.received);
            if connection.failure.is_none() {
                usage.performed += 1;
            } else {
                usage.failed += 1;
            }
        }
        // It is over; there is nothing left to refuse when this cannot be written.
        let _ = self.recorder.connection_ended(connection);
    }
}

const KIND: Kind = Kind::NetworkRequest;

/// What the log calls it.
pub(crate) const fn method(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "network.connect",
        Transport::Udp => "network.datagrams",
    }
}

/// What a request costs.
enum Charge {
    /// A request on a connection that is open.
    Request,
    /// A request with a connection of its own, or a flow of datagrams.
    Way(Transport),
}

const fn way_ended(charges: &mut Charges, transport: Transport) {
    match transport {
        Transport::Tcp => charges.connection_ended(),
        Transport::Udp => charges.flow_ended(),
    }
}

impl Broker {
    fn network_step(
        &self,
        method: &str,
        target: NetworkTarget<'_>,
        charge: Option<&Charge>,
        perform: &mut dyn FnMut(Permit<'_, NetworkRequest>),
    ) -> Result<(), Denial> {
        let decided = decide::<NetworkRequest>(&self.grants, target, self.clock.now_ms());
        let permit = decided.inspect_err(|denial| self.network_denied(method, denial))?;
        let object = target.to_string();
        self.network_charge(charge)
            .map_err(|reason| Denial::budget(KIND, &object, reason))
            .inspect_err(|denial| self.network_denied(method, denial))?;
        // Recorded before it is performed: no record, no effect.
        if let Err(error) = self.recorder.allowed_object(method, KIND, &object) {
            if let Some(Charge::Way(transport)) = charge {
                way_ended(&mut lock(&self.charges), *transport);
            }
            let denial = Denial::not_recorded(KIND, &object, error.to_string());
            self.network_denied(method, &denial);
            return Err(denial);
        }
        perform(permit);
        Ok(())
    }

    fn network_charge(&self, charge: Option<&Charge>) -> Result<(), String> {
        let now = self.clock.monotonic();
        let mut charges = lock(&self.charges);
        let paid = match charge {
            None => Ok(()),
            Some(Charge::Request) => charges.network_request(now),
            Some(Charge::Way(Transport::Tcp)) => charges.connection(now),
            Some(Charge::Way(Transport::Udp)) => charges.flow(now),
        };
        let warnings = charges.take_warnings();
        drop(charges);
        for warning in warnings.into_iter().flatten() {
            let _ = self.recorder.nearly_used(warning);
        }
        paid
    }

    /// Counts a denial. The first of its kind is recorded; of those that repeat
    /// it, as many as a flood may be.
    pub(crate) fn network_denied(&self, method: &str, denial: &Denial) {
        let is_new = lock(&self.tally).denied(denial);
        let unrecorded =
            if is_new { Some(0) } else { lock(&self.charges).record_flood(self.clock.monotonic()) };
        if let Some(unrecorded) = unrecorded {
            // Nothing happens, so a log that cannot be written changes nothing.
            let _ = self.recorder.denied(method, denial, unrecorded);
        }
    }
}
