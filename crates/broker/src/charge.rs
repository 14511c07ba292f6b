//! What a call costs, and what happens when it cannot be paid.

use crate::operation::Operation;
use ringfence_limits::{Budget, Meter, NearlyUsed, Resource, TokenBucket};
use std::time::Duration;

/// The rates and counts of one instance.
#[derive(Debug)]
pub(crate) struct Charges {
    calls_rate: TokenBucket,
    messages_rate: TokenBucket,
    queries_rate: TokenBucket,
    calls: Meter,
    file_operations: Meter,
    network_rate: TokenBucket,
    network_requests: Meter,
    /// Open now, and at most.
    connections: (u32, u32),
    /// Of these, flows of datagrams.
    flows: u32,
    /// When a refused flood was last recorded, and how many were not since.
    flood_recorded: Option<Duration>,
    flood_suppressed: u64,
    action_began: Option<Duration>,
}

impl Charges {
    pub(crate) fn new(budget: &Budget, now: Duration) -> Self {
        Self {
            calls_rate: TokenBucket::per_second(budget.broker_calls_per_second, now),
            messages_rate: TokenBucket::per_second(budget.messages_per_second, now),
            queries_rate: TokenBucket::per_second(budget.queries_per_second, now),
            calls: Meter::new(Resource::BrokerCalls, budget.broker_calls),
            file_operations: Meter::new(Resource::FileOperations, budget.file_operations),
            network_rate: TokenBucket::per_minute(budget.network_requests_per_minute, now),
            network_requests: Meter::new(Resource::NetworkRequests, budget.network_requests),
            connections: (0, budget.network_connections),
            flows: 0,
            flood_recorded: None,
            flood_suppressed: 0,
            action_began: None,
        }
    }

    /// Charges the call itself, whatever becomes of it: a denied or malformed
    /// call costs as much as a good one, or a flood of them would be free.
    pub(crate) fn call(&mut self, now: Duration) -> Result<(), String> {
        self.calls_rate.take(1, now).map_err(|error| format!("broker calls: {error}"))?;
        self.calls.charge(1).map_err(|error| error.to_string())
    }

    /// Charges what the operation uses beside the call.
    pub(crate) fn operation(
        &mut self,
        operation: &Operation<'_>,
        now: Duration,
    ) -> Result<(), String> {
        match operation {
            Operation::FileRead { .. }
            | Operation::FileList { .. }
            | Operation::FileStat { .. }
            | Operation::FileReplace { .. }
            | Operation::FileAppend { .. }
            | Operation::FolderMake { .. }
            | Operation::FileDelete { .. } => {
                self.file_operations.charge(1).map_err(|error| error.to_string())
            }
            Operation::StorageGet { .. }
            | Operation::StorageSet { .. }
            | Operation::StorageDelete { .. }
            | Operation::StorageList { .. } => {
                self.queries_rate.take(1, now).map_err(|error| format!("storage queries: {error}"))
            }
            Operation::Fetch(_) => self.network_request(now),
            Operation::Publish { .. } => {
                self.messages_rate.take(1, now).map_err(|error| format!("events: {error}"))
            }
            Operation::Subscribe { .. }
            | Operation::Poll { .. }
            | Operation::Unsubscribe { .. }
            | Operation::Variable { .. }
            | Operation::SettingGet { .. }
            | Operation::SettingSet { .. }
            | Operation::Execute { .. }
            | Operation::Host { .. } => Ok(()),
        }
    }

    /// Charges one network request.
    pub(crate) fn network_request(&mut self, now: Duration) -> Result<(), String> {
        self.network_rate.take(1, now).map_err(|error| format!("network requests: {error}"))?;
        self.network_requests.charge(1).map_err(|error| error.to_string())
    }

    /// Charges one network request on a connection of its own, open until
    /// [`Charges::connection_ended`].
    pub(crate) fn connection(&mut self, now: Duration) -> Result<(), String> {
        let (open, most) = self.connections;
        if open >= most {
            return Err(format!("{most} connections at once are the limit"));
        }
        self.network_request(now)?;
        self.connections.0 = open.saturating_add(1);
        Ok(())
    }

    /// The same for a flow of datagrams, open until [`Charges::flow_ended`]. A program
    /// begins one with every datagram if it likes, and each stays for a while: half
    /// of all is left to connections.
    pub(crate) fn flow(&mut self, now: Duration) -> Result<(), String> {
        let most = self.connections.1.div_ceil(2);
        if self.flows >= most {
            return Err(format!("{most} flows of datagrams at once are the limit"));
        }
        self.connection(now)?;
        self.flows = self.flows.saturating_add(1);
        Ok(())
    }

    pub(crate) const fn flow_ended(&mut self) {
        self.flows = self.flows.saturating_sub(1);
        self.connection_ended();
    }

    /// Counts one connection from outside, open until
    /// [`Charges::connection_ended`]. It is no request of the plugin's.
    pub(crate) fn visit(&mut self) -> Result<(), String> {
        let (open, most) = self.connections;
        if open >= most {
            return Err(format!("{most} connections at once are the limit"));
        }
        self.connections.0 = open.saturating_add(1);
        Ok(())
    }

    pub(crate) const fn connection_ended(&mut self) {
        self.connections.0 = self.connections.0.saturating_sub(1);
    }

    /// Warnings that became due, each given once.
    pub(crate) fn take_warnings(&mut self) -> [Option<NearlyUsed>; 3] {
        [
            self.calls.take_warning(),
            self.file_operations.take_warning(),
            self.network_requests.take_warning(),
        ]
    }

    /// Whether a call that was refused for its rate is to be recorded, and how
    /// many before it were not. One record a second, or the flood that was
    /// refused would fill the log instead.
    pub(crate) fn record_flood(&mut self, now: Duration) -> Option<u64> {
        let quiet = self
            .flood_recorded
            .is_none_or(|last| now.saturating_sub(last) >= Duration::from_secs(1));
        if !quiet {
            self.flood_suppressed = self.flood_suppressed.saturating_add(1);
            return None;
        }
        self.flood_recorded = Some(now);
        Some(std::mem::take(&mut self.flood_suppressed))
    }

    pub(crate) const fn begin_action(&mut self, now: Duration) {
        self.calls.reset();
        self.action_began = Some(now);
    }

    /// What is left of the time that an action may take.
    pub(crate) fn time_left(&self, limit: Duration, now: Duration) -> Duration {
        self.action_began.map_or(limit, |began| limit.saturating_sub(now.saturating_sub(began)))
    }

    pub(crate) const fn calls_this_action(&self) -> u64 {
        self.calls.used()
    }

    pub(crate) const fn file_operations(&self) -> u64 {
        self.file_operations.used()
    }

    pub(crate) const fn network_requests(&self) -> u64 {
        self.network_requests.used()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_limits::Preset;

    #[test]
    fn flows_have_half_of_the_connections_and_give_back_what_they_had() {
        let now = Duration::ZERO;
        let budget = Budget {
            network_connections: 3,
            network_requests_per_minute: 100,
            ..Preset::Development.budget()
        };
        let mut charges = Charges::new(&budget, now);
        for _ in 0..3 {
            assert!(charges.flow(now).is_ok() && charges.flow(now).is_ok());
            assert!(charges.flow(now).is_err(), "half, rounded up");
            assert!(charges.connection(now).is_ok());
            assert!(charges.connection(now).is_err(), "flows count among all");
            charges.connection_ended();
            charges.flow_ended();
            charges.flow_ended();
        }
    }
}
