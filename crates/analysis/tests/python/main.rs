//! Small programs in Python and what must be seen of them.

mod aliases;
mod benign;
mod chains;
mod code;
mod decoding;
mod effects;
mod evasions;
mod exhaustion;
mod flow;
mod hostile;
mod package;

use std::borrow::Cow;

use ringfence_analysis::{Coverage, Effect, Event, SourceFile, Trace, Tree, python};

/// One program: what it shows, its text, and what must be seen. An expectation is
/// `Effect api text...`: an event of this effect and name of which the arguments,
/// hidings and origins, as they are debugged, hold every text (`_` for a blank). `no
/// Effect` means that there is no such event; `nothing`, none but imports.
pub(crate) type Case = (&'static str, &'static str, &'static [&'static str]);

pub(crate) fn traced(files: &[(&str, &[u8])]) -> Trace {
    let files = files
        .iter()
        .map(|(path, bytes)| SourceFile {
            path: (*path).to_owned(),
            bytes: Cow::Owned(bytes.to_vec()),
        })
        .collect();
    let tree = Tree::new(files);
    let python: Vec<_> = tree
        .files()
        .filter(|(_, file)| file.path.ends_with(".py") || file.path.ends_with(".pth"))
        .map(|(id, _)| id)
        .collect();
    python::trace(&tree, &python)
}

pub(crate) fn whole(trace: &Trace) -> bool {
    trace.coverage.iter().all(|(_, coverage)| *coverage == Coverage::Whole)
}

fn holds(event: &Event, expectation: &str) -> bool {
    let mut words = expectation.split_whitespace();
    let effect = words.next().unwrap_or("");
    let api = words.next().unwrap_or("");
    let seen = format!("{:?} {:?} {:?}", event.arguments, event.hiding, event.when);
    format!("{:?}", event.effect) == effect
        && (&*event.api == api || api == "*")
        && words.all(|word| seen.contains(&word.replace('_', " ")) || seen.contains(word))
}

pub(crate) fn check(trace: &Trace, says: &str, expectations: &[&str]) -> Vec<String> {
    let mut wrong = Vec::new();
    for expectation in expectations {
        let met = if *expectation == "nothing" {
            trace.events.iter().all(|event| event.effect == Effect::Import)
        } else if let Some(effect) = expectation.strip_prefix("no ") {
            trace.events.iter().all(|event| format!("{:?}", event.effect) != effect)
        } else {
            trace.events.iter().any(|event| holds(event, expectation))
        };
        if !met {
            let seen: Vec<String> = trace
                .events
                .iter()
                .filter(|event| event.effect != Effect::Import)
                .map(|event| {
                    format!(
                        "    {:?} {} {:?} {:?}",
                        event.effect, event.api, event.arguments, event.hiding
                    )
                })
                .collect();
            wrong.push(format!("{says}: wanted {expectation:?}, saw\n{}", seen.join("\n")));
        }
    }
    wrong
}

/// Checks all programs and says everything that is wrong at once.
pub(crate) fn check_all(cases: &[Case]) {
    let wrong: Vec<String> = cases
        .iter()
        .flat_map(|(says, source, expected)| {
            check(&traced(&[("plugin.py", source.as_bytes())]), says, expected)
        })
        .collect();
    assert!(wrong.is_empty(), "{} of {} programs:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
