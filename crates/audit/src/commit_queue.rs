//! Group commit: many threads, one writer, one write for all who wait.
//!
//! A thread puts its item into `waiting`. If nobody leads, it leads: it takes
//! everything that waits, commits it with the writer, fills in the answers and
//! wakes the others. Whoever wakes either finds its answer or leads in turn.
//! What piles up while one batch is on its way to the disk is the next batch.

use super::sync::{Arc, Condvar, Mutex};
use std::sync::PoisonError;

/// A writer and those who wait for it. `I` is what is committed, `O` the answer.
pub(crate) struct CommitQueue<W, I, O> {
    line: Mutex<WaitingLine<I, O>>,
    answered: Condvar,
    writer: Mutex<W>,
}

struct WaitingLine<I, O> {
    waiting: Vec<Waiting<I, O>>,
    /// Somebody has taken a batch and will wake the others.
    led: bool,
    sleeping: usize,
}

struct Waiting<I, O> {
    item: I,
    answer: Arc<Mutex<Option<O>>>,
}

impl<W, I, O> CommitQueue<W, I, O> {
    pub(crate) fn new(writer: W) -> Self {
        Self {
            line: Mutex::new(WaitingLine { waiting: Vec::new(), led: false, sleeping: 0 }),
            answered: Condvar::new(),
            writer: Mutex::new(writer),
        }
    }

    /// Commits `item`, together with whatever else waits. `commit` gets all items
    /// and gives as many answers, in the same order. None when `commit` panicked
    /// on another thread or gave too few answers.
    pub(crate) fn submit(&self, item: I, commit: impl FnOnce(&mut W, &[I]) -> Vec<O>) -> Option<O> {
        let answer = Arc::new(Mutex::new(None));
        let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.waiting.push(Waiting { item, answer: Arc::clone(&answer) });
        while line.led {
            line.sleeping += 1;
            line = self.answered.wait(line).unwrap_or_else(PoisonError::into_inner);
            line.sleeping -= 1;
            if let Some(answer) = take(&answer) {
                return Some(answer);
            }
        }
        line.led = true;
        let batch = std::mem::take(&mut line.waiting);
        drop(line);

        let _lead = Lead(self);
        let (items, slots): (Vec<I>, Vec<_>) =
            batch.into_iter().map(|waiting| (waiting.item, waiting.answer)).unzip();
        // Empty when a leader that panicked had taken our item.
        if !items.is_empty() {
            let answers = self.with(|writer| commit(writer, &items));
            for (slot, answer) in slots.iter().zip(answers) {
                *slot.lock().unwrap_or_else(PoisonError::into_inner) = Some(answer);
            }
        }
        take(&answer)
    }

    /// Does something with the writer alone.
    pub(crate) fn with<T>(&self, action: impl FnOnce(&mut W) -> T) -> T {
        action(&mut self.writer.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Ends the lead, also when the commit panicked.
struct Lead<'a, W, I, O>(&'a CommitQueue<W, I, O>);

impl<W, I, O> Drop for Lead<'_, W, I, O> {
    fn drop(&mut self) {
        let mut line = self.0.line.lock().unwrap_or_else(PoisonError::into_inner);
        line.led = false;
        // A wake-up is a system call even when nobody sleeps.
        if line.sleeping > 0 {
            self.0.answered.notify_all();
        }
    }
}

fn take<O>(answer: &Mutex<Option<O>>) -> Option<O> {
    answer.lock().unwrap_or_else(PoisonError::into_inner).take()
}
