//! What waits for one subscriber.

use crate::bus::Event;
use std::collections::VecDeque;
use std::sync::Arc;

/// Most events that wait for one subscriber.
pub const MAX_QUEUED_EVENTS: usize = 256;

/// Most bytes that wait for one subscriber.
pub const MAX_QUEUED_BYTES: usize = 1024 * 1024;

/// A bounded queue that drops its oldest.
#[derive(Debug, Default)]
pub(crate) struct Queue {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    /// Dropped since the last time somebody was told.
    dropped: u64,
}

impl Queue {
    /// Adds one event and tells how many old ones had to go.
    pub(crate) fn push(&mut self, event: Arc<Event>) -> u64 {
        self.bytes = self.bytes.saturating_add(event.size());
        self.events.push_back(event);
        let mut dropped = 0;
        while self.events.len() > MAX_QUEUED_EVENTS || self.bytes > MAX_QUEUED_BYTES {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(oldest.size());
            dropped += 1;
        }
        self.dropped = self.dropped.saturating_add(dropped);
        dropped
    }

    /// Takes the oldest events, at most `max` and at most `max_bytes` together,
    /// but one if there is any.
    pub(crate) fn take(&mut self, max: usize, max_bytes: usize) -> Vec<Arc<Event>> {
        let mut taken = Vec::new();
        let mut bytes = 0_usize;
        while taken.len() < max {
            let Some(next) = self.events.front() else {
                break;
            };
            bytes = bytes.saturating_add(next.size());
            if bytes > max_bytes && !taken.is_empty() {
                break;
            }
            let Some(event) = self.events.pop_front() else {
                break;
            };
            self.bytes = self.bytes.saturating_sub(event.size());
            taken.push(event);
        }
        taken
    }

    pub(crate) fn take_dropped(&mut self) -> u64 {
        std::mem::take(&mut self.dropped)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    pub(crate) fn clear(&mut self) {
        self.events.clear();
        self.bytes = 0;
    }
}
