//! The page about the analysis says what the code does.
#![expect(clippy::unwrap_used, reason = "a test ends where something is wrong")]

use ringfence_analysis::{
    BLOCK_BELOW, MOST_FOR_LOW, MOST_FOR_MEDIUM, NOT_UNDERSTOOD, Policy, RULES, Severity,
    WARN_BELOW, weight,
};

fn page() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/analysis.md");
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn every_rule_is_in_the_table_with_its_severity_and_in_the_order_of_the_code() {
    let page = page();
    let rows: Vec<&str> = page.lines().filter(|line| line.starts_with("| [")).collect();
    let expected: Vec<String> = RULES
        .iter()
        .map(|rule| {
            let (code, worst) = (rule.code, rule.severity.word());
            format!("| [{code}](rules/{code}.md) | {} | {worst} |", rule.title)
        })
        .collect();
    assert_eq!(rows, expected);
}

#[test]
fn the_formula_is_the_one_that_is_computed() {
    let page = page();
    for (severity, rest) in [
        (Severity::Information, String::new()),
        (Severity::Low, format!(", all rules together at most {MOST_FOR_LOW}")),
        (Severity::Medium, format!(", with those that are low at most {MOST_FOR_MEDIUM}")),
        (Severity::High, String::new()),
        (Severity::Critical, String::new()),
    ] {
        let end = format!(" | {}{rest} |", weight(severity));
        let begin = format!("| {} | ", severity.word());
        assert!(
            page.lines().any(|line| line.starts_with(&begin) && line.ends_with(&end)),
            "{begin}...{end}"
        );
    }
    for text in [
        format!("`not understood` is {NOT_UNDERSTOOD} times the share"),
        format!("blocked below {BLOCK_BELOW} "),
        format!("warning below {WARN_BELOW} "),
    ] {
        assert!(page.contains(&text), "{text}");
    }
}

#[test]
fn the_policy_on_the_page_is_read() {
    let page = page();
    let (_, after) = page.split_once("```toml\n").unwrap();
    let (text, _) = after.split_once("```").unwrap();
    let policy = Policy::parse(text).unwrap();
    assert_eq!(policy.exceptions.len(), 1);
    assert!(policy.block.codes.contains("persistence"));
}
