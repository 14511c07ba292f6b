//! Group commit: many threads, one writer, one write for all who wait.
//!
//! A thread puts its item into `waiting` and then takes the writer. Whoever has
//! the writer commits everything that waits and fills in the answers before it
//! gives the writer back. So a thread that gets the writer either finds its
//! answer or finds its item still waiting, and there is nothing to be woken for
//! but the lock itself.

use super::sync::{Arc, Mutex};
use std::sync::PoisonError;

/// A writer and those who wait for it. `I` is what is committed, `O` the answer.
pub(crate) struct CommitQueue<W, I, O> {
    waiting: Mutex<Vec<Waiting<I, O>>>,
    writer: Mutex<W>,
}

struct Waiting<I, O> {
    item: I,
    answer: Arc<Mutex<Option<O>>>,
}

impl<W, I, O> CommitQueue<W, I, O> {
    pub(crate) fn new(writer: W) -> Self {
        Self {
            waiting: Mutex::new(Vec::new()),
            writer: Mutex::new(writer),
        }
    }

    /// Commits `item`, together with whatever else waits. `commit` gets all items
    /// and gives as many answers, in the same order. None when `commit` panicked
    /// on another thread or gave too few answers.
    pub(crate) fn submit(&self, item: I, commit: impl FnOnce(&mut W, &[I]) -> Vec<O>) -> Option<O> {
        let answer = Arc::new(Mutex::new(None));
        self.waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(Waiting {
                item,
                answer: Arc::clone(&answer),
            });
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = take(&answer) {
            return Some(answer);
        }
        let batch =
            std::mem::take(&mut *self.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        let (items, slots): (Vec<I>, Vec<_>) = batch
            .into_iter()
            .map(|waiting| (waiting.item, waiting.answer))
            .unzip();
        if items.is_empty() {
            return None;
        }
        for (slot, outcome) in slots.iter().zip(commit(&mut writer, &items)) {
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
        }
        drop(writer);
        take(&answer)
    }

    /// Does something with the writer alone.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut W) -> T) -> T {
        action(&mut self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

fn take<O>(answer: &Mutex<Option<O>>) -> Option<O> {
    answer.lock().unwrap_or_else(PoisonError::into_inner).take()
}
