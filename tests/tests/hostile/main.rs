//! Every hostile program in `plugins/hostile/` runs in a jail and has no effect
//! on the host; the same program without the jail, or with the wall in question
//! taken away, has one.
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "tests wait for what must not happen, and fail where they stand"
)]
#![expect(unsafe_code, reason = "signals to process groups have no safe interface")]

mod attack;
mod links;
mod table;

use ringfence_tests::{as_ordinary_user, hostile_folder};
use std::collections::BTreeSet;

#[test]
fn attacks_on_files_and_devices_have_no_effect() {
    attack::all_without_effect(table::FILES);
}

#[test]
fn attacks_on_the_kernel_have_no_effect() {
    attack::all_without_effect(table::KERNEL);
}

#[test]
fn attacks_on_processes_have_no_effect() {
    attack::all_without_effect(table::PROCESSES);
}

#[test]
fn attacks_over_sockets_have_no_effect() {
    attack::all_without_effect(table::NETWORK);
}

#[test]
fn bombs_and_floods_have_no_effect() {
    attack::all_without_effect(table::BOMBS);
}

#[test]
fn attacks_on_files_have_no_effect_when_an_ordinary_user_runs_them() {
    as_ordinary_user("attacks_on_files_and_devices_have_no_effect");
}

#[test]
fn attacks_on_the_kernel_have_no_effect_when_an_ordinary_user_runs_them() {
    as_ordinary_user("attacks_on_the_kernel_have_no_effect");
}

#[test]
fn attacks_on_processes_have_no_effect_when_an_ordinary_user_runs_them() {
    as_ordinary_user("attacks_on_processes_have_no_effect");
}

#[test]
fn attacks_over_sockets_have_no_effect_when_an_ordinary_user_runs_them() {
    as_ordinary_user("attacks_over_sockets_have_no_effect");
}

#[test]
fn bombs_and_floods_have_no_effect_when_an_ordinary_user_runs_them() {
    as_ordinary_user("bombs_and_floods_have_no_effect");
}

#[test]
fn every_hostile_program_is_in_the_table_once_and_says_what_it_tries() {
    let files: BTreeSet<String> = std::fs::read_dir(hostile_folder())
        .unwrap()
        .flatten()
        .filter(|entry| entry.path().is_file())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| name != "README.md")
        .collect();
    let listed: Vec<&str> =
        table::ALL.iter().flat_map(|table| table.iter()).map(|attack| attack.file).collect();
    let names: BTreeSet<String> = listed.iter().map(|&name| name.to_owned()).collect();
    assert_eq!(names.len(), listed.len(), "a program is listed twice");
    let unlisted: Vec<_> = files.difference(&names).collect();
    let missing: Vec<_> = names.difference(&files).collect();
    assert!(
        unlisted.is_empty() && missing.is_empty(),
        "not in the table: {unlisted:?}; not in the folder: {missing:?}"
    );
    assert!(files.len() >= 60, "{} hostile programs", files.len());
    for name in files {
        let text = std::fs::read_to_string(hostile_folder().join(&name)).unwrap();
        for word in ["attack: ", "success: "] {
            assert!(
                text.lines().take(6).any(|line| line.contains(word)),
                "{name} has no `{word}` line"
            );
        }
    }
}
