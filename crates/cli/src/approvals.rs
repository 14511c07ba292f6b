//! `ringfence approvals`, `allow` and `deny`: answers from another terminal.

use crate::arguments::{Allow, ApprovalList, Deny};
use crate::failure::Failure;
use crate::installed::home;
use crate::output;
use ringfence::{ApprovalRow, Approvals, Said, StateError};
use ringfence_types::{ExitCode, UntrustedText};
use serde_json::json;
use std::collections::BTreeSet;
use std::time::Duration;

/// How often `--watch` looks.
const LOOK: Duration = Duration::from_millis(250);

pub(crate) fn list(arguments: &ApprovalList) -> ExitCode {
    answered(listed(arguments), arguments.json)
}

pub(crate) fn allow(arguments: &Allow) -> ExitCode {
    let said = if arguments.version {
        Said::Version
    } else if arguments.session {
        Said::Session
    } else {
        Said::Once
    };
    let outcome = open(&arguments.id).and_then(|all| Ok(all.allow(&arguments.id, said)?));
    let told = outcome.map(|row| tell(&row, said.word(), arguments.json));
    answered(told, arguments.json)
}

pub(crate) fn deny(arguments: &Deny) -> ExitCode {
    let word = if arguments.never { "never" } else { "denied" };
    let outcome = open(&arguments.id).and_then(|all| Ok(all.deny(&arguments.id, arguments.never)?));
    let told = outcome.map(|row| tell(&row, word, arguments.json));
    answered(told, arguments.json)
}

fn answered(outcome: Result<ExitCode, Failure>, as_json: bool) -> ExitCode {
    outcome.unwrap_or_else(|failure| failure.tell(as_json))
}

fn open(id: &str) -> Result<Approvals, Failure> {
    let none = || {
        let error = StateError::NoQuestion { id: id.to_owned() };
        Failure::usage(error).help("what is open: ringfence approvals")
    };
    Approvals::open(&home()?)?.ok_or_else(none)
}

fn tell(row: &ApprovalRow, word: &str, as_json: bool) -> ExitCode {
    if as_json {
        output::answer_json(&json!({ "ok": true, "answer": word, "question": row }));
    } else {
        output::say(&format!("{word}: {}", line(row)));
    }
    ExitCode::Success
}

/// Who asks for exactly what, in one line that is safe to show.
pub(crate) fn line(row: &ApprovalRow) -> String {
    format!(
        "{} asks for {} (it called {})",
        UntrustedText::new(&row.label),
        UntrustedText::new(&row.capability.to_string()),
        UntrustedText::new(&row.method)
    )
}

fn listed(arguments: &ApprovalList) -> Result<ExitCode, Failure> {
    let home = home()?;
    let mut shown = BTreeSet::new();
    loop {
        let all = Approvals::open(&home)?.map(|all| all.pending()).transpose()?.unwrap_or_default();
        if arguments.json && !arguments.watch {
            output::answer_json(&json!({ "ok": true, "approvals": all }));
            return Ok(ExitCode::Success);
        }
        for row in &all {
            if !shown.insert(row.id.clone()) {
                continue;
            }
            if arguments.json {
                output::answer_json(row);
            } else {
                output::answer(&format!("{}  {}", row.id, line(row)));
            }
        }
        if !arguments.watch {
            if shown.is_empty() {
                output::say("no call waits for an answer");
            } else {
                output::say("next: ringfence allow ID --once, or ringfence deny ID");
            }
            return Ok(ExitCode::Success);
        }
        std::thread::park_timeout(LOOK);
    }
}
