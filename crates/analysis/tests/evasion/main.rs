//! Programs that hide what they do, and honest ones that look like them.
//!
//! What is not found is written down in `known-misses.txt`, and that list can only get
//! shorter: a new miss fails, and so does one that is found by now. With the variable
//! `SHRINK_KNOWN_MISSES` set, what is found by now is taken out of the list.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]
#![expect(clippy::print_stdout, reason = "shown where a test fails: how much is found")]

mod cases;
mod edits;
mod javascript;
mod python;
mod transforms;

use cases::{Case, fixtures, judge, read};
use ringfence_analysis::Outcome;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use transforms::{TRANSFORMS, transformed};

/// Of a hundred, how many must be found.
const GOAL: usize = 95;

fn evasions() -> Vec<Case> {
    let mut cases = read(include_str!("javascript.txt"), "javascript");
    cases.extend(read(include_str!("python.txt"), "python"));
    cases
}

/// What is known to be missed, of the cases as they are or of those that were changed.
fn known(kind: &str) -> BTreeSet<String> {
    let text = std::fs::read_to_string(list()).unwrap();
    let lines = text.lines().filter_map(|line| line.strip_prefix(kind)?.strip_prefix(' '));
    lines.map(str::to_owned).collect()
}

fn list() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/evasion/known-misses.txt")
}

/// Fails for what is missed and not written down, and for what is written down and not
/// missed. Says how much is found by class.
fn compare(kind: &str, missed: &BTreeSet<String>, of: &BTreeMap<String, usize>) {
    let mut by_class: BTreeMap<&str, usize> = BTreeMap::new();
    for name in missed {
        *by_class.entry(of.keys().find(|class| name.contains(*class)).unwrap()).or_default() += 1;
    }
    for (class, all) in of {
        let missed = by_class.get(class.as_str()).copied().unwrap_or_default();
        println!("{kind} {class}: {} of {all}", all - missed);
    }
    let all: usize = of.values().sum();
    println!("{kind}: {} of {all} found", all - missed.len());
    let known = known(kind);
    let new: Vec<&String> = missed.difference(&known).collect();
    let found: Vec<&String> = known.difference(missed).collect();
    if std::env::var_os("SHRINK_KNOWN_MISSES").is_some() {
        let text = std::fs::read_to_string(list()).unwrap();
        let keep = |line: &&str| {
            let name = line.strip_prefix(kind).and_then(|rest| rest.strip_prefix(' '));
            name.is_none_or(|name| missed.contains(name))
        };
        let kept: Vec<&str> = text.lines().filter(keep).collect();
        std::fs::write(list(), kept.join("\n") + "\n").unwrap();
    } else {
        assert!(found.is_empty(), "found by now, take them out of the list: {found:#?}");
    }
    assert!(new.is_empty(), "missed: {new:#?}");
    let share = (all - missed.len()) * 100 / all;
    assert!(share >= GOAL || !known.is_empty(), "{share} of a hundred, and {GOAL} is the goal");
}

#[test]
fn what_hides_is_found() {
    let cases = evasions();
    assert!(cases.len() >= 300, "{} cases", cases.len());
    for language in ["javascript/", "python/"] {
        let some = cases.iter().filter(|case| case.name.starts_with(language)).count();
        assert!(some >= 150, "{some} of {language}");
    }
    let mut missed = BTreeSet::new();
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for case in &cases {
        *of.entry(case.class().to_owned()).or_default() += 1;
        let (codes, _) = judge(&case.files);
        if !case.is_found_in(&codes) {
            println!("missed {}: wanted {:?}, found {codes:?}", case.name, case.wanted);
            assert!(missed.insert(case.name.clone()), "two cases are named {}", case.name);
        }
    }
    compare("case", &missed, &of);
}

#[test]
fn what_was_found_is_still_found_when_it_is_written_in_another_way() {
    let mut missed = BTreeSet::new();
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for case in evasions().iter().chain(&fixtures()) {
        if !case.is_found_in(&judge(&case.files).0) {
            continue;
        }
        for transform in TRANSFORMS {
            let Some(files) = transformed(transform, case) else { continue };
            *of.entry(transform.to_owned()).or_default() += 1;
            let (codes, _) = judge(&files);
            if !case.is_found_in(&codes) {
                missed.insert(format!("{transform} {}", case.name));
                println!("missed {transform} {}: {codes:?} in {files:#?}", case.name);
            }
        }
    }
    assert!(of.len() == TRANSFORMS.len(), "{of:?}");
    compare("changed", &missed, &of);
}

#[test]
fn an_honest_program_that_looks_like_another_is_not_blocked() {
    let cases = read(include_str!("benign.txt"), "");
    assert!(cases.len() >= 60, "{} cases", cases.len());
    let mut blocked = BTreeSet::new();
    let mut of: BTreeMap<String, usize> = BTreeMap::new();
    for case in &cases {
        *of.entry(case.class().to_owned()).or_default() += 1;
        let (codes, outcome) = judge(&case.files);
        if outcome == Outcome::Blocked {
            println!("blocked {}: {codes:?}", case.name);
            blocked.insert(case.name.clone());
        }
    }
    compare("blocked", &blocked, &of);
}
