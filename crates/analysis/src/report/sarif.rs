//! A report as SARIF 2.1.0, for tools that show findings beside code.

use std::borrow::Cow;

use ringfence_types::escaped_url_path;
use serde_json::{Value, json};

use super::{Report, ReportedFinding, Spot};
use crate::finding::Severity;
use crate::rules::{RULES, Rule};

/// Where a rule's page is, below the repository.
const PAGES: &str = "https://github.com/ringfence/ringfence/blob/main/docs/rules/";

/// The report as one SARIF log with one run. `version` is the program's.
#[must_use]
pub fn sarif(report: &Report, version: &str) -> Value {
    let results: Vec<Value> = report.findings.iter().map(result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "ringfence",
                "version": version,
                "informationUri": "https://github.com/ringfence/ringfence",
                "rules": RULES.iter().map(rule).collect::<Vec<Value>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {
                "score": report.score,
                "outcome": report.outcome,
                "safe": report.safe,
                "understoodPerCent": report.understood_per_cent,
            },
        }],
    })
}

fn rule(rule: &Rule) -> Value {
    let mut tags = vec!["security".to_owned(), rule.class.word().to_owned()];
    tags.extend(rule.cwe.map(|cwe| format!("external/cwe/cwe-{cwe:03}")));
    json!({
        "id": rule.code,
        "shortDescription": { "text": rule.title },
        "helpUri": format!("{PAGES}{}.md", rule.code),
        "defaultConfiguration": { "level": level(rule.severity) },
        "properties": { "tags": tags, "security-severity": number(rule.severity) },
    })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Information => "note",
        Severity::Low | Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

/// As GitHub reads it: 9 and more is critical, 7 high, 4 medium, below that low.
const fn number(severity: Severity) -> &'static str {
    match severity {
        Severity::Information => "0.0",
        Severity::Low => "2.0",
        Severity::Medium => "5.0",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}

fn result(finding: &ReportedFinding) -> Value {
    let index = RULES.iter().position(|rule| rule.code == finding.code);
    let mut result = json!({
        "ruleId": finding.code,
        "level": level(finding.severity),
        "message": { "text": plain(&finding.message) },
        "locations": [location(&finding.spot, &finding.snippet, None)],
        "properties": { "severity": finding.severity },
    });
    let Some(fields) = result.as_object_mut() else { return result };
    if let Some(index) = index {
        fields.insert("ruleIndex".to_owned(), json!(index));
    }
    if let Some(content) = &finding.content {
        // The same finding in the same content is the same alert, wherever its line is.
        let print = format!("{}:{content}:{}", finding.code, finding.spot.column);
        fields.insert("partialFingerprints".to_owned(), json!({ "ringfence/v1": print }));
    }
    if !finding.evidence.is_empty() {
        let steps: Vec<Value> = finding
            .evidence
            .iter()
            .map(
                |step| json!({ "location": location(&step.spot, &step.snippet, Some(&step.what)) }),
            )
            .collect();
        let flows = json!([{ "threadFlows": [{ "locations": steps }] }]);
        fields.insert("codeFlows".to_owned(), flows);
    }
    if let Some(reason) = &finding.accepted {
        let suppression = json!([{ "kind": "external", "justification": reason }]);
        fields.insert("suppressions".to_owned(), suppression);
    }
    result
}

fn location(spot: &Spot, snippet: &str, message: Option<&str>) -> Value {
    // A finding about the whole package is shown at its root.
    let root = spot.path.is_empty();
    let uri = if root { ".".to_owned() } else { escaped_url_path(&spot.path) };
    let mut physical = json!({ "artifactLocation": { "uri": uri } });
    if spot.line > 0
        && let Some(fields) = physical.as_object_mut()
    {
        let region = json!({
            "startLine": spot.line,
            "startColumn": spot.column,
            "snippet": { "text": snippet },
        });
        fields.insert("region".to_owned(), region);
    }
    let mut location = json!({ "physicalLocation": physical });
    if let (Some(message), Some(fields)) = (message, location.as_object_mut()) {
        fields.insert("message".to_owned(), json!({ "text": plain(message) }));
    }
    location
}

/// Text that makes no link: `[text](address)` is one in any message (SARIF 2.1.0, 3.11.6),
/// and there the backslash escapes.
fn plain(message: &str) -> Cow<'_, str> {
    if !message.contains('[') {
        return Cow::Borrowed(message);
    }
    let mut out = String::with_capacity(message.len() + 8);
    for letter in message.chars() {
        if matches!(letter, '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(letter);
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{hostile, sample};

    /// What the schema of SARIF 2.1.0 requires of the parts that we write.
    fn check(log: &Value) {
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
        assert!(run["tool"]["driver"]["name"].is_string());
        for result in run["results"].as_array().unwrap() {
            assert!(result["message"]["text"].is_string());
            assert!(
                ["none", "note", "warning", "error"].contains(&result["level"].as_str().unwrap())
            );
            let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
            assert_eq!(rules[index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert!(!place["artifactLocation"]["uri"].as_str().unwrap().contains([' ', '\u{1b}']));
            if let Some(region) = place.get("region") {
                assert!(region["startLine"].as_u64().unwrap() >= 1);
                assert!(region["startColumn"].as_u64().unwrap() >= 1);
            }
        }
    }

    #[test]
    fn a_package_makes_no_link_in_a_message() {
        let mut report = sample();
        let finding = report.findings.first_mut().unwrap();
        finding.message = "see [here](https://e.example)".to_owned();
        finding.evidence[0].what = "[a](1) in C:\\d".to_owned();
        let result = &sarif(&report, "0.1.0")["runs"][0]["results"][0];
        assert_eq!(result["message"]["text"], "see \\[here\\](https://e.example)");
        let step = &result["codeFlows"][0]["threadFlows"][0]["locations"][0]["location"];
        assert_eq!(step["message"]["text"], "\\[a\\](1) in C:\\\\d");
    }

    #[test]
    fn every_result_has_what_the_schema_requires() {
        let log = sarif(&sample(), "0.1.0");
        check(&log);
        let flow = &log["runs"][0]["results"][0]["codeFlows"][0]["threadFlows"][0]["locations"];
        assert_eq!(flow.as_array().unwrap().len(), 2);
        check(&sarif(&hostile(), "0.1.0"));
    }
}
