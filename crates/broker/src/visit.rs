//! The same five steps for those who come from outside to a published port.

use crate::broker::{Broker, lock};
use ringfence_gate_network::{Doorkeeper, Refusal, VisitEnded, Visitor};
use ringfence_permission::{NetworkListen, Permit, decide};
use ringfence_types::{Denial, Kind};
use std::num::NonZeroU16;

const KIND: Kind = Kind::NetworkListen;
const METHOD: &str = "network.visit";

impl Doorkeeper for Broker {
    fn visit(
        &self,
        port: NonZeroU16,
        visitor: &Visitor,
        perform: &mut dyn FnMut(Permit<'_, NetworkListen>),
    ) -> Result<(), Denial> {
        let decided = decide::<NetworkListen>(&self.grants, port, self.clock.now_ms());
        let permit = decided.inspect_err(|denial| self.network_denied(METHOD, denial))?;
        let object = port.to_string();
        // A denial takes the lock once more: it is given back before.
        let paid = lock(&self.charges).visit();
        paid.map_err(|reason| Denial::budget(KIND, &object, reason))
            .inspect_err(|denial| self.network_denied(METHOD, denial))?;
        // Recorded before it is performed: no record, no effect.
        if let Err(error) = self.recorder.visit(METHOD, &object, visitor) {
            lock(&self.charges).connection_ended();
            let denial = Denial::not_recorded(KIND, &object, error.to_string());
            self.network_denied(METHOD, &denial);
            return Err(denial);
        }
        perform(permit);
        Ok(())
    }

    fn still_lets_in(&self, port: NonZeroU16) -> bool {
        decide::<NetworkListen>(&self.grants, port, self.clock.now_ms())
            .inspect_err(|denial| self.network_denied(METHOD, denial))
            .is_ok()
    }

    fn visit_refused(&self, port: NonZeroU16, refusal: Refusal) {
        let object = port.to_string();
        let reason = match refusal {
            Refusal::Budget(exceeded) => exceeded.to_string(),
            _ => "the host's file descriptors for connections are used up".to_owned(),
        };
        self.network_denied(METHOD, &Denial::budget(KIND, &object, reason));
    }

    fn visit_ended(&self, visit: &VisitEnded<'_>) {
        lock(&self.charges).connection_ended();
        lock(&self.tally).visited(visit);
        // It is over; there is nothing left to refuse when this cannot be written.
        let _ = self.recorder.visit_ended(METHOD, visit);
    }
}
