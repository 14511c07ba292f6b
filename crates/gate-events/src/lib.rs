//! The effect of sending and receiving events inside one process.
//!
//! Takes: a permit for one subject to publish, or for a set of subjects to
//! receive, by value. Gives: a subscription that is polled. Never: waits for a
//! slow subscriber, delivers on a grant that no longer stands, or decides
//! anything itself.
//!
//! A subscriber that does not keep up loses its oldest events and is told how
//! many: a publisher must not be able to feel who listens, and memory must not
//! grow with somebody's silence.
//!
//! Nothing can be published without a permit:
//!
//! ```compile_fail,E0308
//! fn shout(bus: &ringfence_gate_events::Bus) {
//!     let _ = bus.publish("chat.a", &serde_json::Value::Null);
//! }
//! ```
#![forbid(unsafe_code)]

mod bus;
mod queue;

pub use bus::{
    Batch, Bus, Event, EventsError, MAX_PAYLOAD_BYTES, MAX_SUBSCRIPTIONS, Published, Subscription,
};
pub use queue::{MAX_QUEUED_BYTES, MAX_QUEUED_EVENTS};
