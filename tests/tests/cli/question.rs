//! The one question, asked at a terminal only.

use crate::program::{User, repository};
use crate::terminal::Terminal;

const QUESTION: &str = "Grant what it asks for, for this run? [y/N]";

/// A plugin that needs another program, and says whether it could start it.
fn plugin(user: &User) -> std::path::PathBuf {
    user.write("asker/ask", "#!/bin/sh\nexpr 40 + 2\n");
    let path = user.path("asker/ask");
    std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    user.write(
        "asker/plugin.yaml",
        "name: asker\nversion: 1.0.0\nruntime: command\nentry: ./ask\nprotocol: plain\n\
         permissions:\n  - process.execute: expr\n    reason: to add\n",
    );
    user.path("asker")
}

fn answered(keys: &str) -> (Option<i32>, String, Vec<String>) {
    let user = User::new();
    let plugin = plugin(&user);
    let mut terminal = Terminal::start(user.ringfence(["run", plugin.to_str().unwrap()]));
    terminal.screen.wait_for(QUESTION);
    terminal.types(keys);
    let (code, shown) = terminal.finish();
    (code, shown, user.kinds())
}

#[test]
fn yes_grants_what_it_asks_for_and_the_record_says_so() {
    for keys in ["y\n", "Y\n", "yes\n"] {
        let (code, shown, kinds) = answered(keys);
        assert_eq!(code, Some(0), "{keys:?}: {shown}");
        assert!(shown.contains("42"), "{shown}");
        assert!(shown.contains("process.execute expr"), "the card came first: {shown}");
        assert!(kinds.contains(&"granted".to_owned()), "{kinds:?}");
    }
}

#[test]
fn anything_else_refuses_and_nothing_was_started() {
    // No, nothing, the end of the input, half a yes, more than a yes, and a
    // sequence that shows a yes on the screen.
    for keys in ["n\n", "\n", "\x04", "ye\n", "yesterday\n", "n\x1b[D y\n"] {
        let (code, shown, kinds) = answered(keys);
        assert_eq!(code, Some(3), "{keys:?}: {shown}");
        assert!(shown.contains("denied"), "{shown}");
        assert_eq!(kinds, ["refused"], "{keys:?}");
    }
}

#[test]
fn ctrl_c_at_the_question_starts_nothing() {
    let (code, shown, kinds) = answered("\x03");
    assert_ne!(code, Some(0), "{shown}");
    assert!(!kinds.contains(&"sandbox_started".to_owned()), "{kinds:?}");
}

#[test]
fn there_is_no_question_where_a_yes_changes_nothing() {
    let user = User::new();
    let hello = repository("plugins/examples/hello-python");
    let terminal = Terminal::start(user.ringfence(["run", hello.to_str().unwrap(), "greet"]));
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(0), "{shown}");
    assert!(!shown.contains("[y/N]"), "{shown}");
    // Nor where it was given beforehand.
    let plugin = plugin(&user);
    let terminal = Terminal::start(user.ringfence(["run", "--yes", plugin.to_str().unwrap()]));
    let (code, shown) = terminal.finish();
    assert!(code == Some(0) && !shown.contains("[y/N]"), "{shown}");
}

#[test]
fn quiet_still_shows_what_the_question_is_about() {
    let user = User::new();
    let plugin = plugin(&user);
    let mut terminal = Terminal::start(user.ringfence(["run", "-q", plugin.to_str().unwrap()]));
    terminal.screen.wait_for(QUESTION);
    terminal.types("n\n");
    let (code, shown) = terminal.finish();
    assert_eq!(code, Some(3), "{shown}");
    assert!(shown.contains("process.execute expr"), "{shown}");
}

#[test]
fn one_grant_by_name_is_enough_without_a_question_in_a_pipe() {
    let user = User::new();
    let plugin = plugin(&user);
    let plugin = plugin.to_str().unwrap();
    let done = user.ringfence(["run", "-q", "--grant", "process.execute=expr", plugin]).run();
    assert_eq!((done.code, done.stdout.as_str()), (Some(0), "42\n"), "{done:?}");
    let other = user.ringfence(["run", "-q", "--grant", "process.execute=ls", plugin]).run();
    assert_eq!(other.code, Some(3), "{other:?}");
}
