//! The question about a denied call, at the terminal that started the run.
//!
//! The plugin has no way to this terminal: its jail has none, what it prints is marked line by
//! line as its own and waits while a question stands, and what was typed before is dropped.

use crate::approvals::line;
use crate::arguments::Run;
use crate::{output, screen};
use ringfence::{ApprovalRow, Ask, Person, Reply, Said};
use ringfence_types::UntrustedText;
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::Timespec;
use rustix::termios::{QueueSelector, tcflush};
use std::sync::Arc;
use std::time::Duration;

/// Longest answer that is read at once, in bytes.
const LONGEST: usize = 64;

/// Who is asked, by the options of a run and where it runs.
pub(crate) fn who(arguments: &Run) -> Option<Ask> {
    let is_here = output::can_ask() && !arguments.json;
    arguments.ask.then(|| Ask {
        here: is_here.then(|| Arc::new(Here) as Arc<dyn Person>),
        waits: Duration::from_secs(arguments.ask_for.into()),
    })
}

/// The person at this terminal.
#[derive(Debug)]
struct Here;

impl Person for Here {
    fn ask(&self, question: &ApprovalRow, kept: bool) {
        // What was typed before is no answer to this.
        let _ = tcflush(std::io::stdin(), QueueSelector::IFlush);
        let version = if kept { ", [v]ersion" } else { "" };
        screen::ask(|| {
            output::say(&format!("ringfence: {}", line(question)));
            output::say_part(&format!("  allow? [o]nce, [s]ession{version}, never, [N]o: "));
        });
    }

    fn reply(&self) -> Option<Reply> {
        let stdin = std::io::stdin();
        let mut fds = [PollFd::new(&stdin, PollFlags::IN)];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        if !poll(&mut fds, Some(&now)).is_ok_and(|ready| ready > 0) {
            return None;
        }
        let mut bytes = [0; LONGEST];
        let length = rustix::io::read(&stdin, &mut bytes[..]).unwrap_or(0);
        let typed = String::from_utf8_lossy(bytes.get(..length).unwrap_or_default());
        // Only a clear yes is a yes.
        Some(match typed.trim() {
            "o" | "once" => Reply::Said(Said::Once),
            "s" | "session" => Reply::Said(Said::Session),
            "v" | "version" => Reply::Said(Said::Version),
            "never" => Reply::Never,
            _ => Reply::Said(Said::Denied),
        })
    }

    fn over(&self, question: &ApprovalRow, outcome: &str) {
        let name = UntrustedText::new(&question.label).to_string();
        screen::over(&name, outcome);
    }
}
