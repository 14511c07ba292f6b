//! `cargo xtask ci`: everything that must be green, as on the build machine.

use crate::Result;
use crate::run::{Output, cargo, must, watch};
use crate::{deny, plugins, tidy};
use std::time::Instant;

/// What the tests said.
#[derive(Default)]
struct Counts {
    tests: u64,
    skipped: u64,
    doc_tests: u64,
}

/// Runs every step, also after one has failed, so that one run shows all there
/// is to mend.
pub(crate) fn run() -> Result<()> {
    let start = Instant::now();
    let mut counts = Counts::default();
    let mut failed = Vec::new();
    let mut steps = 0;
    let mut step = |name: &'static str, outcome: Result<()>| {
        steps += 1;
        if let Err(error) = outcome {
            eprintln!("error: {name}: {error}");
            failed.push(name);
        }
    };
    step("format", format());
    step("tidy", tidy::run(false));
    step("lints", lints());
    step("documentation", documentation());
    step("deny", deny::run());
    step("example plugins", plugins::run());
    step("tests", tests(&mut counts));
    step("documentation tests", documentation_tests(&mut counts));
    let Counts { tests, skipped, doc_tests } = counts;
    let seconds = start.elapsed().as_secs();
    println!(
        "ci: {steps} steps, {} failed; {tests} tests run, {skipped} skipped; {doc_tests} \
         documentation tests; {} min {} s",
        failed.len(),
        seconds / 60,
        seconds % 60
    );
    if failed.is_empty() { Ok(()) } else { Err(format!("failed: {}", failed.join(", ")).into()) }
}

fn format() -> Result<()> {
    must(cargo()?.args(["fmt", "--all", "--check"]))
}

fn lints() -> Result<()> {
    must(
        cargo()?
            .args(["clippy", "--locked", "--workspace", "--all-targets"])
            .args(["--", "--deny", "warnings"]),
    )
}

fn documentation() -> Result<()> {
    must(
        cargo()?
            .args(["doc", "--locked", "--workspace", "--no-deps", "--document-private-items"])
            .env("RUSTDOCFLAGS", "--deny warnings"),
    )
}

fn tests(counts: &mut Counts) -> Result<()> {
    let mut nextest = cargo()?;
    nextest.args(["nextest", "run", "--locked", "--workspace", "--no-fail-fast"]);
    // Lines for a log, not for a terminal.
    nextest.args(["--color", "never", "--status-level", "slow", "--final-status-level", "fail"]);
    watch(&mut nextest, Output::Error, |line| {
        if let Some((tests, skipped)) = nextest_summary(line) {
            counts.tests = tests;
            counts.skipped = skipped;
        }
    })?;
    if counts.tests == 0 { Err("no test ran".into()) } else { Ok(()) }
}

fn documentation_tests(counts: &mut Counts) -> Result<()> {
    watch(
        cargo()?.args(["test", "--locked", "--workspace", "--doc", "--no-fail-fast", "--quiet"]),
        Output::Standard,
        |line| counts.doc_tests += doc_test_summary(line).unwrap_or(0),
    )
}

/// Tests run and skipped, from a line such as
/// `Summary [ 0.1s] 3 tests run: 2 passed, 1 failed, 4 skipped`.
fn nextest_summary(line: &str) -> Option<(u64, u64)> {
    let (_, rest) = line.trim_start().strip_prefix("Summary [")?.split_once("] ")?;
    let (run, results) = rest.split_once(" run")?;
    let run = run.split([' ', '/']).next()?.parse().ok()?;
    let skipped = results
        .split([',', ':'])
        .find_map(|part| part.trim().strip_suffix(" skipped"))
        .and_then(|number| number.parse().ok())
        .unwrap_or(0);
    Some((run, skipped))
}

/// Tests passed, from a line such as `test result: ok. 3 passed; 0 failed; ...`.
fn doc_test_summary(line: &str) -> Option<u64> {
    let (_, rest) = line.strip_prefix("test result: ")?.split_once(". ")?;
    rest.split_once(" passed")?.0.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_closing_line_counts_what_ran_and_what_did_not() {
        let line =
            "     Summary [   0.123s] 812 tests run: 810 passed (1 slow), 2 failed, 3 skipped";
        assert_eq!(nextest_summary(line), Some((812, 3)));
        let line = "     Summary [   0.1s] 5/9 tests run: 5 passed, 0 skipped";
        assert_eq!(nextest_summary(line), Some((5, 0)));
        assert_eq!(nextest_summary("   Compiling summary"), None);
        let line = "test result: ok. 7 passed; 0 failed; 0 ignored; 0 measured";
        assert_eq!(doc_test_summary(line), Some(7));
    }
}
