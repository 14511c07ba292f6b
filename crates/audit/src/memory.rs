//! A sink that keeps its events in memory.

use ringfence_types::{AuditError, AuditEvent, AuditSink, Receipt};
use std::sync::{Mutex, PoisonError};

/// Keeps events in memory: for tests, and for hosts that keep their own log and
/// collect from here. Nothing is signed and nothing survives the process.
#[derive(Debug, Default)]
pub struct MemorySink {
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    taken: u64,
    events: Vec<AuditEvent>,
    refuse: Option<String>,
}

impl MemorySink {
    /// An empty sink.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A copy of what is held.
    #[must_use]
    pub fn events(&self) -> Vec<AuditEvent> {
        self.with(|state| state.events.clone())
    }

    /// Takes what is held; sequence numbers go on.
    #[must_use]
    pub fn take(&self) -> Vec<AuditEvent> {
        self.with(|state| std::mem::take(&mut state.events))
    }

    /// From now on every append fails with this reason; none: appends work again.
    /// Lets a test show that an effect is refused when its record cannot be written.
    pub fn refuse(&self, reason: Option<&str>) {
        self.with(|state| state.refuse = reason.map(str::to_owned));
    }

    fn with<T>(&self, action: impl FnOnce(&mut State) -> T) -> T {
        action(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl AuditSink for MemorySink {
    fn append(&self, event: AuditEvent) -> Result<Receipt, AuditError> {
        self.with(|state| {
            if let Some(reason) = &state.refuse {
                return Err(AuditError { reason: reason.clone() });
            }
            state.taken += 1;
            state.events.push(event);
            Ok(Receipt { sequence: state.taken })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ringfence_types::EventKind;

    #[test]
    fn a_refusing_sink_takes_nothing_and_then_goes_on_counting() {
        let sink = MemorySink::new();
        let event = || AuditEvent::new(EventKind::Limit, "x");
        assert_eq!(sink.append(event()).unwrap().sequence, 1);
        sink.refuse(Some("no room"));
        assert!(sink.append(event()).is_err());
        sink.refuse(None);
        assert_eq!(sink.take().len(), 1);
        assert_eq!(sink.append(event()).unwrap().sequence, 2);
        assert_eq!(sink.events().len(), 1);
    }
}
