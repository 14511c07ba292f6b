//! Whatever the files of a package are, a report is made of them, and twice the same.
//! A line that is only `--` ends a file; the first line of each is its name.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ringfence_analysis::{Limits, Policy, Question, Report, SourceFile, Tree, assess, facts};

fn report(bytes: &[u8]) -> Report {
    let text = String::from_utf8_lossy(bytes);
    let files = text.split("\n--\n").filter_map(|file| file.split_once('\n'));
    let tree = Tree::new(
        files
            .map(|(path, text)| SourceFile {
                path: path.to_owned(),
                bytes: text.as_bytes().to_vec().into(),
            })
            .collect(),
    );
    let facts = facts(&tree, &Limits::default());
    let policy = Policy::default();
    let question = Question { subject: "fuzz", declared: None, policy: &policy, today: None };
    assess(&tree, &facts, &question)
}

fuzz_target!(|bytes: &[u8]| {
    let first = report(bytes);
    assert!(first.score <= 100);
    assert_eq!(first, report(bytes));
});
