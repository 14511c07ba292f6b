//! What an instance did, for a usage line.

use ringfence_gate_network::VisitEnded;
use ringfence_types::{Denial, DenialCode};
use serde::Serialize;

/// Most different denials that are kept; more are only counted.
pub const MAX_KEPT_DENIALS: usize = 64;

/// What an instance did through the broker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct BrokerUsage {
    /// Calls of any kind.
    pub calls: u64,
    /// Calls since the last action began.
    pub calls_this_action: u64,
    /// File operations.
    pub file_operations: u64,
    /// Effects that were performed.
    pub performed: u64,
    /// Effects that were allowed and failed.
    pub failed: u64,
    /// Calls that a decision or a limit refused.
    pub denials: u64,
    /// Of those, refused because a limit was used up.
    pub over_budget: u64,
    /// Calls that were not understood.
    pub malformed: u64,
    /// Network requests that were allowed.
    pub network_requests: u64,
    /// Connections from outside to published ports.
    pub network_visits: u64,
    /// Bytes sent to the network.
    pub network_sent: u64,
    /// Bytes received from the network.
    pub network_received: u64,
}

/// A denial and how often it was given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct CountedDenial {
    /// The denial.
    pub denial: Denial,
    /// How often.
    pub count: u64,
}

#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub(crate) usage: BrokerUsage,
    denials: Vec<CountedDenial>,
}

impl Tally {
    /// Counts a denial; `true` when it is kept and was not known before.
    pub(crate) fn denied(&mut self, denial: &Denial) -> bool {
        self.usage.denials += 1;
        if denial.code == DenialCode::Budget {
            self.usage.over_budget += 1;
        }
        // Reasons of budgets hold numbers that change; the rest names it.
        let known = self.denials.iter_mut().find(|known| {
            known.denial.kind == denial.kind
                && known.denial.code == denial.code
                && known.denial.withheld_by == denial.withheld_by
                && known.denial.object == denial.object
                && (denial.code == DenialCode::Budget || known.denial.reason == denial.reason)
        });
        if let Some(known) = known {
            known.count += 1;
            return false;
        }
        let is_kept = self.denials.len() < MAX_KEPT_DENIALS;
        if is_kept {
            self.denials.push(CountedDenial { denial: denial.clone(), count: 1 });
        }
        is_kept
    }

    /// Counts a connection from outside.
    pub(crate) const fn visited(&mut self, visit: &VisitEnded<'_>) {
        let usage = &mut self.usage;
        usage.network_visits = usage.network_visits.saturating_add(1);
        usage.network_sent = usage.network_sent.saturating_add(visit.sent);
        usage.network_received = usage.network_received.saturating_add(visit.received);
        if visit.failure.is_none() {
            usage.performed += 1;
        } else {
            usage.failed += 1;
        }
    }

    pub(crate) fn denials(&self) -> Vec<CountedDenial> {
        self.denials.clone()
    }
}
