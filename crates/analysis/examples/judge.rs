//! Judges packages and says how long it took: one line each, with the outcome, the score
//! and the rules that are high or critical.
//!
//! `cargo run --release -p ringfence-analysis --example judge -- PACKAGE...`

use std::path::Path;
use std::time::Instant;

use ringfence_analysis::{Limits, Policy, Question, Severity, SourceFile, Tree, assess, facts};
use ringfence_package::{TreeLimits, read_tree};

#[expect(clippy::print_stdout, reason = "an example for the terminal")]
fn main() {
    let policy = Policy::default();
    let (mut packages, mut blocked, mut evaluated, mut seconds) = (0_u32, 0_u32, 0_u64, 0.0);
    for path in std::env::args().skip(1) {
        let read = match read_tree(Path::new(&path), &TreeLimits::default()) {
            Ok(read) => read,
            Err(error) => {
                println!("not read {path}: {error}");
                continue;
            }
        };
        let files = read.files.into_iter();
        let files = files.map(|file| SourceFile { path: file.path, bytes: file.bytes.into() });
        let tree = Tree::new(files.collect());
        let begun = Instant::now();
        let facts = facts(&tree, &Limits::default());
        let read_in = begun.elapsed().as_secs_f64();
        let report = assess(
            &tree,
            &facts,
            &Question { subject: &path, declared: None, policy: &policy, today: None },
        );
        let taken = begun.elapsed().as_secs_f64();
        packages += 1;
        blocked += u32::from(report.outcome.word() == "blocked");
        evaluated += report.understood.evaluated + report.understood.partly;
        seconds += taken;
        let name = path.rsplit('/').next().unwrap_or(&path);
        let outcome = report.outcome.word();
        let judged = (taken - read_in) * 1000.0;
        let threats = report.threats.join(" ");
        let score = report.score;
        println!(
            "{outcome:8} {score:3} {name} {:.0} ms, rules {judged:.1} ms: {threats}",
            taken * 1000.0
        );
        for one in report.findings.iter().filter(|one| one.severity >= Severity::High).take(12) {
            println!(
                "    {} {} {}: {}",
                one.severity.word(),
                one.code,
                one.spot.shown(),
                one.message
            );
        }
    }
    let megabytes = f64::from(u32::try_from(evaluated / 1000).unwrap_or(u32::MAX)) / 1000.0;
    println!("{packages} packages, {blocked} blocked, {megabytes:.1} MB of code in {seconds:.2} s");
}
