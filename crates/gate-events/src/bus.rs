//! Who listens to what, and the way of one event to them.

use crate::queue::Queue;
use ringfence_permission::{EventsPublish, EventsSubscribe, Lease, Permit, Spent};
use ringfence_types::{InstanceId, Kind, Pattern};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Largest payload of one event, in bytes of its JSON text.
pub const MAX_PAYLOAD_BYTES: usize = 64 * 1024;

/// Most subscriptions of one instance.
pub const MAX_SUBSCRIPTIONS: usize = 16;

/// One event as a subscriber gets it.
#[derive(Debug)]
pub struct Event {
    subject: Box<str>,
    payload: Value,
    publisher: InstanceId,
    payload_bytes: usize,
}

impl Event {
    /// The subject it was published on.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.subject
    }

    /// What was sent. From another plugin, so untrusted.
    #[must_use]
    pub const fn payload(&self) -> &Value {
        &self.payload
    }

    /// Who sent it; taken from the permit, so it cannot be forged.
    #[must_use]
    pub const fn publisher(&self) -> &InstanceId {
        &self.publisher
    }

    pub(crate) fn size(&self) -> usize {
        self.subject.len().saturating_add(self.payload_bytes)
    }
}

/// Why an event was not sent or received.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EventsError {
    /// The payload is over [`MAX_PAYLOAD_BYTES`].
    #[error("the payload is larger than {MAX_PAYLOAD_BYTES} bytes")]
    PayloadTooLarge,
    /// The instance has [`MAX_SUBSCRIPTIONS`] already.
    #[error("an instance may have {MAX_SUBSCRIPTIONS} subscriptions")]
    TooManySubscriptions,
    /// The grant behind the subscription no longer stands. What waited is gone.
    #[error("the grant of this subscription was revoked or has expired")]
    Revoked,
}

/// What happened to one published event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Published {
    /// How many subscriptions it was given to.
    pub subscriptions: usize,
    /// How many older events had to go for it.
    pub dropped: u64,
}

/// What one poll gives.
#[derive(Debug)]
pub struct Batch {
    /// The events, oldest first.
    pub events: Vec<Arc<Event>>,
    /// How many were lost before these, since the last poll.
    pub dropped: u64,
    /// Whether more are waiting.
    pub more: bool,
}

/// The event bus of one process. Cheap to clone; clones are the same bus.
#[derive(Clone, Debug, Default)]
pub struct Bus {
    listeners: Arc<Mutex<Vec<Arc<Listener>>>>,
}

#[derive(Debug)]
struct Listener {
    instance: InstanceId,
    pattern: Pattern,
    lease: Lease,
    queue: Mutex<Queue>,
}

/// One subscription. It ends when it is dropped.
#[derive(Debug)]
#[must_use = "a subscription ends when it is dropped"]
pub struct Subscription {
    bus: Bus,
    listener: Arc<Listener>,
}

/// A panic while a queue was held leaves a queue that is still one.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Bus {
    /// A bus on which nobody listens.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sends one event to everybody who listens to its subject and whose grant
    /// stands at the time of the permit.
    ///
    /// # Errors
    /// When the payload is too large.
    pub fn publish(
        &self,
        permit: Permit<'_, EventsPublish>,
        payload: &Value,
    ) -> Result<Published, EventsError> {
        let Spent { object: subject, instance, decided_at_ms, .. } = permit.spend();
        let payload_bytes = json_size(payload);
        if payload_bytes > MAX_PAYLOAD_BYTES {
            return Err(EventsError::PayloadTooLarge);
        }
        // The list is held only to find out who listens, never while a queue is.
        let listeners: Vec<Arc<Listener>> = lock(&self.listeners)
            .iter()
            .filter(|listener| listener.pattern.matches(Kind::EventsSubscribe, subject))
            .cloned()
            .collect();
        let event = Arc::new(Event {
            subject: subject.into(),
            payload: payload.clone(),
            publisher: instance.clone(),
            payload_bytes,
        });
        let mut published = Published { subscriptions: 0, dropped: 0 };
        for listener in listeners {
            let mut queue = lock(&listener.queue);
            if !listener.lease.is_live(decided_at_ms) {
                queue.clear();
                continue;
            }
            published.dropped += queue.push(Arc::clone(&event));
            published.subscriptions += 1;
        }
        Ok(published)
    }

    /// Starts to listen.
    ///
    /// # Errors
    /// When the instance has too many subscriptions.
    pub fn subscribe(
        &self,
        permit: Permit<'_, EventsSubscribe>,
    ) -> Result<Subscription, EventsError> {
        let lease = permit.lease();
        let Spent { object: pattern, instance, .. } = permit.spend();
        let mut listeners = lock(&self.listeners);
        let own = listeners.iter().filter(|listener| listener.instance == *instance).count();
        if own >= MAX_SUBSCRIPTIONS {
            return Err(EventsError::TooManySubscriptions);
        }
        let listener = Arc::new(Listener {
            instance: instance.clone(),
            pattern: pattern.clone(),
            lease,
            queue: Mutex::default(),
        });
        listeners.push(Arc::clone(&listener));
        drop(listeners);
        Ok(Subscription { bus: self.clone(), listener })
    }

    /// How many subscriptions there are, for reports.
    #[must_use]
    pub fn subscriptions(&self) -> usize {
        lock(&self.listeners).len()
    }
}

impl Subscription {
    /// What it listens to.
    #[must_use]
    pub fn pattern(&self) -> &Pattern {
        &self.listener.pattern
    }

    /// Takes the oldest waiting events: at most `max`, at most `max_bytes`
    /// together, but one when there is any.
    ///
    /// # Errors
    /// When the grant no longer stands at `now_ms` (milliseconds since
    /// 1970-01-01 UTC); what waited is thrown away.
    pub fn poll(&self, max: usize, max_bytes: usize, now_ms: u64) -> Result<Batch, EventsError> {
        let mut queue = lock(&self.listener.queue);
        if !self.listener.lease.is_live(now_ms) {
            queue.clear();
            return Err(EventsError::Revoked);
        }
        let events = queue.take(max, max_bytes);
        Ok(Batch { events, dropped: queue.take_dropped(), more: !queue.is_empty() })
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        lock(&self.bus.listeners).retain(|listener| !Arc::ptr_eq(listener, &self.listener));
    }
}

/// Bytes of the JSON text, counted without building it.
fn json_size(value: &Value) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self.0.saturating_add(bytes.len());
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    serde_json::to_writer(&mut count, value).map_or(usize::MAX, |()| count.0)
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
