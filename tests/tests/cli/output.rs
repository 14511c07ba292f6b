//! Answers on standard output, everything else on standard error; bytes as they
//! are in a pipe, harmless on a terminal.

use crate::program::{User, repository};
use crate::terminal::Terminal;
use std::os::unix::process::CommandExt;

const ESCAPES: &str =
    "import sys; sys.stdout.buffer.write(b'\\x1b]0;owned\\x07\\x1b[2Jred\\xc2\\x9b1m\\xff\\r\\n')";

#[test]
fn in_a_pipe_the_output_is_the_programs_bytes_and_nothing_else() {
    let user = User::new();
    let done = user.ringfence(["run", "--", "python3", "-c", ESCAPES]).run();
    assert_eq!(done.bytes, b"\x1b]0;owned\x07\x1b[2Jred\xc2\x9b1m\xff\r\n", "{done:?}");
    assert!(done.stderr.contains("asks for") && done.stderr.contains("peak"), "{done:?}");
}

#[test]
fn on_a_terminal_no_escape_of_a_program_gets_through() {
    let user = User::new();
    let (code, shown) =
        Terminal::start(user.ringfence(["run", "--", "python3", "-c", ESCAPES])).finish();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("owned") && shown.contains("red"), "{shown:?}");
    assert_harmless(&shown);
}

#[test]
fn on_a_terminal_no_escape_of_an_answer_an_error_or_a_log_gets_through() {
    let user = User::new();
    let code = "import sys\n\
        def answer(input): return 'a\\x1b[2J\\x9b'\n\
        def fail(input): raise ValueError('b\\x1b[2J\\u202e')\n\
        def log(input): print('c\\x1b[2J', file=sys.stderr, flush=True); return 'd'\n";
    let plugin = user.python_plugin(code, "");
    for (action, wanted) in [("answer", "a\\u{1b}"), ("fail", "b\\u{1b}"), ("log", "c\\u{1b}")] {
        let terminal = Terminal::start(user.ringfence(["run", plugin.to_str().unwrap(), action]));
        let (_, shown) = terminal.finish();
        assert!(shown.contains(wanted), "{action}: {shown:?}");
        assert_harmless(&shown);
    }
    // A plugin's own log may end in a file that somebody looks at later.
    let done = user.ringfence(["run", plugin.to_str().unwrap(), "log"]).run();
    assert!(done.stderr.contains("c\\u{1b}") && !done.stderr.contains('\u{1b}'), "{done:?}");
}

fn assert_harmless(shown: &str) {
    let bad = shown.chars().find(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'));
    assert_eq!(bad, None, "{shown:?}");
    assert!(!shown.contains('\u{202e}'), "{shown:?}");
}

#[test]
fn quiet_says_nothing_but_the_answer_and_what_went_wrong() {
    let user = User::new();
    let hello = repository("plugins/examples/hello-python");
    let hello = hello.to_str().unwrap();
    let done = user.ringfence(["run", "--quiet", hello, "greet"]).run();
    assert_eq!((done.code, done.stderr.as_str()), (Some(0), ""), "{done:?}");
    let done = user.ringfence(["run", "-q", "--", "sh", "-c", "echo chatter >&2; exit 4"]).run();
    assert_eq!(done.stderr, "ringfence: the program ended with status 4\n", "{done:?}");
    let done = user.ringfence(["run", "-q", "--json", hello, "nothing"]).run();
    assert_eq!(done.stderr, "", "{done:?}");
    done.json();
}

#[test]
fn the_usage_line_counts_and_json_has_the_same_numbers() {
    let user = User::new();
    let done = user.ringfence(["run", "--", "python3", "-c", "sum(range(10**6))"]).run();
    let line = done.stderr.lines().last().unwrap();
    for part in ["s, cpu", "peak", "file operations", "denials"] {
        assert!(line.contains(part), "{line}");
    }
    let json = user.ringfence(["run", "--json", "--", "python3", "-c", "sum(range(10**6))"]).run();
    let usage = &json.json()["usage"];
    for number in ["wall_ms", "cpu_ms", "peak_memory_bytes"] {
        assert!(usage[number].as_f64().unwrap() > 0.0, "{number}: {usage}");
    }
    assert_eq!(usage["effects"]["denials"], 0);
}

#[test]
fn after_one_second_a_person_sees_that_it_still_runs() {
    let user = User::new();
    let slow = ["--", "sleep", "1.6"];
    let done = user.ringfence(["run"].iter().chain(&slow)).run();
    assert!(done.stderr.contains("sleep has run for 1 s"), "{done:?}");
    let quick = user.ringfence(["run", "--", "true"]).run();
    assert!(!quick.stderr.contains("has run for"), "{quick:?}");
    let quiet = user.ringfence(["run", "-q"].iter().chain(&slow)).run();
    assert_eq!(quiet.stderr, "", "{quiet:?}");
}

#[test]
fn output_of_a_program_comes_while_it_runs() {
    let user = User::new();
    let code = "import time; print('first', flush=True); time.sleep(30)";
    let started = user.ringfence(["run", "--timeout", "60", "--", "python3", "-c", code]).start();
    started.stdout.wait_for("first");
    started.signal_group(rustix::process::Signal::INT);
    assert_eq!(started.finish().code, Some(130));
}

#[test]
fn a_reader_that_goes_away_is_no_panic() {
    let user = User::new();
    for arguments in [&["run", "--", "seq", "1000000"][..], &["schema"], &["--help"]] {
        let script = "\"$0\" \"$@\" | head -c 10 >/dev/null";
        let mut invocation = user.ringfence_under(&["sh", "-c", script], arguments);
        invocation.command.arg0("sh");
        let done = invocation.run();
        assert!(!done.stderr.contains("panicked"), "{done:?}");
    }
}

#[test]
fn a_program_may_write_to_descriptors_that_are_closed_here() {
    let user = User::new();
    for script in ["exec \"$0\" \"$@\" >&-", "exec \"$0\" \"$@\" 2>&-"] {
        let done = user.ringfence_under(&["sh", "-c", script], &["run", "--", "echo", "x"]).run();
        assert!(done.signal.is_none() && !done.stderr.contains("panicked"), "{done:?}");
    }
}
