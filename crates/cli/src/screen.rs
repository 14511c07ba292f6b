//! What a plugin says beside its answer, and the questions that stand between: one terminal,
//! which several threads write to.
//!
//! While a question stands, nothing of the plugin is shown: it could write another question
//! below it, and the answer is for the one that a person reads last.

use crate::output;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Most bytes that wait for the end of a question.
const MOST_HELD: usize = 64 * 1024;

static SCREEN: Mutex<Screen> =
    Mutex::new(Screen { in_line: false, asking: false, held: Vec::new(), more: false });

struct Screen {
    /// What a plugin said last did not end its line.
    in_line: bool,
    /// A question stands.
    asking: bool,
    /// What a plugin said since.
    held: Vec<u8>,
    /// There was more, which is not shown.
    more: bool,
}

fn screen() -> MutexGuard<'static, Screen> {
    SCREEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows what `name` said, now or when the question is over. Every line is marked as the
/// plugin's, so that none can pass for one of ours.
pub(crate) fn log(name: &str, bytes: &[u8]) {
    let mut screen = screen();
    if screen.asking {
        let room = MOST_HELD.saturating_sub(screen.held.len());
        screen.more |= bytes.len() > room;
        screen.held.extend_from_slice(bytes.get(..room.min(bytes.len())).unwrap_or_default());
        return;
    }
    let marked = screen.marked(name, bytes);
    output::log_bytes(&marked);
}

/// A question begins, in a line of its own.
pub(crate) fn ask(question: impl FnOnce()) {
    let mut screen = screen();
    screen.end_line();
    screen.asking = true;
    question();
}

/// The question is over, and what was said meanwhile is shown.
pub(crate) fn over(name: &str, outcome: &str) {
    let mut screen = screen();
    output::say(&format!("\nringfence: {outcome}"));
    screen.asking = false;
    let held = std::mem::take(&mut screen.held);
    if !held.is_empty() {
        let marked = screen.marked(name, &held);
        output::log_bytes(&marked);
    }
    if std::mem::take(&mut screen.more) {
        screen.end_line();
        output::say(&format!("ringfence: {name} said more meanwhile, which is not shown"));
    }
}

/// What we say next begins a line of its own.
pub(crate) fn end_line() {
    screen().end_line();
}

impl Screen {
    fn marked(&mut self, name: &str, bytes: &[u8]) -> Vec<u8> {
        let mut marked = Vec::with_capacity(bytes.len().saturating_add(64));
        for line in bytes.split_inclusive(|byte| *byte == b'\n') {
            if !self.in_line {
                marked.extend_from_slice(name.as_bytes());
                marked.extend_from_slice(b"| ");
            }
            marked.extend_from_slice(line);
            self.in_line = !line.ends_with(b"\n");
        }
        marked
    }

    fn end_line(&mut self) {
        if std::mem::take(&mut self.in_line) {
            output::log_bytes(b"\n");
        }
    }
}
