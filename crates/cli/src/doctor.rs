//! `ringfence doctor`: what this machine can enforce, and how to mend it.

use crate::arguments::Doctor;
use crate::{attack, output};
use ringfence_sandbox_process::{Fact, Interpreter, Machine};
use ringfence_sandbox_wasm::ENGINE;
use ringfence_types::ExitCode;
use serde_json::json;
use std::ffi::OsStr;

pub(crate) fn run(arguments: &Doctor) -> ExitCode {
    if arguments.attack {
        return attack::run(arguments);
    }
    let machine = Machine::look();
    let mut facts = machine.facts();
    facts.extend(interpreters());
    facts.push(Fact { name: "wasm", good: true, found: ENGINE.to_owned(), mend: None });
    let level = machine.level();
    // The walls that are not there on every machine decide, not the extras.
    let can_run = facts
        .iter()
        .all(|fact| fact.good || fact.name != "user namespaces" && fact.name != "seccomp");
    let code = if can_run { ExitCode::Success } else { ExitCode::SandboxUnavailable };
    if arguments.json {
        output::answer_json(&json!({
            "ok": can_run,
            "version": env!("CARGO_PKG_VERSION"),
            "facts": facts,
            "level": level,
        }));
        return code;
    }
    for fact in &facts {
        let mark = if fact.good { "ok     " } else { "missing" };
        output::answer(&format!("{mark}  {:16} {}", fact.name, fact.found));
        if let Some(mend) = &fact.mend {
            output::answer(&format!("           to mend: {mend}"));
        }
    }
    output::answer("");
    output::answer(&format!("The {} sandbox here:", level.backend));
    for wall in &level.walls {
        let mark = if wall.stands { "stands " } else { "MISSING" };
        output::answer(&format!("{mark}  {:16} {} ({})", wall.name, wall.isolates, wall.detail));
    }
    code
}

fn interpreters() -> Vec<Fact> {
    let search = std::env::var_os("PATH").unwrap_or_default();
    [("node", "apt-get install nodejs"), ("python3", "apt-get install python3")]
        .into_iter()
        .map(|(name, install)| match Interpreter::resolve(OsStr::new(name), &search) {
            Ok(found) => {
                Fact { name, good: true, found: found.file.display().to_string(), mend: None }
            }
            Err(error) => Fact {
                name,
                good: false,
                found: error.to_string(),
                mend: Some(format!("{install} (only for {name} plugins)")),
            },
        })
        .collect()
}
