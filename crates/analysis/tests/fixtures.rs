//! Each rule on small programs of its own: what it is for must be found, and what looks
//! like it must not.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test ends where something is wrong")]

use ringfence_analysis::{
    Declared, Facts, Limits, Policy, Question, RULES, Report, SourceFile, Tree, assess, facts,
};
use ringfence_package::{Manifest, TreeLimits, read_tree};
use std::path::{Path, PathBuf};

/// Rules whose fixtures need no evaluator of a language.
const WITHOUT_EVALUATOR: &[&str] = &[
    "archive-oddity",
    "dependency-from-git-or-url",
    "dependency-version-unusual",
    "install-hook",
    "opaque-file",
    "stale-exception",
    "typosquat",
    "unused-capability",
];

/// What `ringfence scan` does with a folder or file.
fn report(path: &Path) -> Report {
    let read = read_tree(path, &TreeLimits::default()).unwrap();
    let files = read.files.into_iter();
    let files = files.map(|file| SourceFile { path: file.path, bytes: file.bytes.into() });
    let tree = Tree::new(files.collect());
    let file = |name: &str| tree.find(name).and_then(|id| tree.file(id));
    let facts: Facts = facts(&tree, &Limits::default());
    let declared = file("plugin.yaml").map(|file| {
        let manifest = Manifest::parse_bytes(&file.bytes).unwrap();
        let asked = manifest.requested.into_iter();
        asked
            .map(|one| Declared { kind: one.kind, scope: one.scope, line: one.at.line })
            .collect::<Vec<Declared>>()
    });
    let policy = file("policy.toml").map_or_else(Policy::default, |file| {
        Policy::parse(&String::from_utf8_lossy(&file.bytes)).unwrap()
    });
    assess(
        &tree,
        &facts,
        &Question {
            subject: "fixture",
            declared: declared.as_deref(),
            policy: &policy,
            today: Some("2026-11-20"),
        },
    )
}

/// The fixtures of a rule whose names begin so.
fn fixtures(code: &str, kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(code);
    let names = std::fs::read_dir(&folder).unwrap_or_else(|_| panic!("{code} has no fixtures"));
    let mut paths: Vec<PathBuf> = names.map(|name| name.unwrap().path()).collect();
    paths.retain(|path| path.file_name().unwrap().to_str().unwrap().starts_with(kind));
    paths.sort();
    paths
}

/// Fixtures of these rules that say what they should not, with what they say.
fn wrong(codes: impl Iterator<Item = &'static str>) -> Vec<String> {
    let mut wrong = Vec::new();
    for code in codes {
        for (kind, wanted) in [("bad", true), ("good", false)] {
            for path in fixtures(code, kind) {
                let report = report(&path);
                let told: Vec<&str> = report.findings.iter().map(|one| &*one.code).collect();
                if told.contains(&code) != wanted {
                    wrong.push(format!("{}: {told:?}", path.display()));
                }
            }
        }
    }
    wrong
}

#[test]
fn every_rule_has_a_page_and_fixtures_of_both_kinds() {
    let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules");
    for rule in RULES {
        let page = std::fs::read_to_string(pages.join(format!("{}.md", rule.code)));
        let page = page.unwrap_or_else(|_| panic!("{} has no page", rule.code));
        assert!(page.starts_with(&format!("# {}\n", rule.code)));
        for part in ["## Why it is bad", "## Example", "## Weakness", "## How to fix it"] {
            assert!(page.contains(part), "{}: {part}", rule.code);
        }
        if let Some(cwe) = rule.cwe {
            assert!(page.contains(&format!("CWE-{cwe}]")), "{}", rule.code);
        }
        assert!(!fixtures(rule.code, "bad").is_empty(), "{}", rule.code);
        assert!(!fixtures(rule.code, "good").is_empty(), "{}", rule.code);
    }
}

#[test]
fn what_packages_say_of_themselves_is_judged() {
    let wrong = wrong(WITHOUT_EVALUATOR.iter().copied());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_bad_program_is_found_and_every_good_one_is_left_alone() {
    let wrong = wrong(RULES.iter().map(|rule| rule.code));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_program_that_is_good_for_one_rule_is_blocked_by_none() {
    for rule in RULES {
        for path in fixtures(rule.code, "good") {
            let report = report(&path);
            let outcome = report.outcome.word();
            assert_ne!(outcome, "blocked", "{}: {:?}", path.display(), report.threats);
        }
    }
}
