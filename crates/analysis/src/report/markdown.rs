//! A report as Markdown, for a comment below a change or a page.

use std::fmt::Write as _;

use ringfence_types::UntrustedText;

use super::Report;
use crate::difference::Difference;
use crate::finding::Severity;
use crate::score;

/// The most findings in the table.
const MOST: usize = 100;

/// The report as Markdown. Text of the package can neither end a table nor make links,
/// pictures or markup.
#[must_use]
pub fn markdown(report: &Report, difference: Option<&Difference>) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "## {}: {}, score {} of 100 ({})\n",
        inert(&report.subject),
        report.outcome.word(),
        report.score,
        score::words(report.score)
    );
    for reason in &report.reasons {
        let _ = writeln!(out, "- because {}", inert(reason));
    }
    let told: Vec<_> = report
        .findings
        .iter()
        .filter(|one| one.accepted.is_none() && one.severity > Severity::Information)
        .collect();
    if told.is_empty() {
        out.push_str("\nNothing was found that is more than a description.\n");
    } else {
        out.push_str("\n| severity | code | where | what |\n|---|---|---|---|\n");
    }
    for finding in told.iter().take(MOST) {
        let steps: String = finding
            .evidence
            .iter()
            .enumerate()
            .map(|(number, step)| {
                let place = inert(&step.spot.shown());
                format!("<br>{}. {place}: {}", number + 1, inert(&step.what))
            })
            .collect();
        let _ = writeln!(
            out,
            "| {} | {} | {} | {}{steps} |",
            finding.severity.word(),
            finding.code,
            inert(&finding.spot.shown()),
            inert(&finding.message)
        );
    }
    if told.len() > MOST {
        let _ = writeln!(out, "\nAnd {} more.", told.len() - MOST);
    }
    out.push_str("\n### What the code needs\n\n");
    if report.capabilities.is_empty() {
        out.push_str("No capability.\n");
    }
    for need in &report.capabilities {
        let scope = need.scope.as_deref().unwrap_or("anything (it is computed)");
        let place = need.evidence.first().map(|spot| inert(&spot.shown())).unwrap_or_default();
        let _ = writeln!(out, "- {} {} ({place})", need.capability, inert(scope));
    }
    if !report.opaque.is_empty() {
        out.push_str("- and what evaluation cannot tell: it needs the strictest sandbox\n");
    }
    if let Some(difference) = difference {
        out.push_str("\n### Compared with the version before\n\n");
        if difference.is_empty() {
            out.push_str("It does and needs the same.\n");
        }
        for (what, list) in [
            ("new need", &difference.new_capabilities),
            ("needed no more", &difference.gone_capabilities),
            ("new finding", &difference.new_findings),
            ("found no more", &difference.gone_findings),
        ] {
            for one in list {
                let _ = writeln!(out, "- {what}: {}", inert(one));
            }
        }
    }
    let _ = writeln!(out, "\nUnderstood: {} % of what could act.", report.understood_per_cent);
    out
}

/// Text that is only text in Markdown.
fn inert(text: &str) -> String {
    let text = UntrustedText::new(text).to_string();
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // What a forge makes of `@name`, `a@b` and `#1` it makes of the page, where an
            // entity is the sign itself; what stands between ends it.
            '@' => out.push_str("@<!-- -->"),
            '#' => out.push_str("\\#<!-- -->"),
            // Ends what would be a link that nobody wrote.
            ':' => out.push_str("&#58;"),
            '.' if ends_in_www(&out) => out.push_str("&#46;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '!' | '|' | '~' => {
                out.push('\\');
                out.push(letter);
            }
            letter => out.push(letter),
        }
    }
    out
}

/// `www.` begins a link in many dialects.
fn ends_in_www(text: &str) -> bool {
    text.len()
        .checked_sub(3)
        .and_then(|at| text.get(at..))
        .is_some_and(|end| end.eq_ignore_ascii_case("www"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{hostile, sample};

    #[test]
    fn a_table_names_code_place_and_evidence() {
        let page = markdown(&sample(), None);
        assert!(
            page.contains("| critical | exfiltration-of-environment | index.js&#58;3&#58;1 |"),
            "{page}"
        );
        assert!(page.contains("<br>1. index.js&#58;2&#58;1"));
    }

    #[test]
    fn a_package_makes_no_link_and_calls_nobody_where_a_forge_would() {
        let text = "www.e.example WWW.e.example @user a@b.example #12 owner/name#3 http://e";
        let shown = inert(text);
        for link in ["www.", "WWW.", "@u", "@b", "#1", "#3", "http:"] {
            assert!(!shown.contains(link), "{link}: {shown}");
        }
    }

    #[test]
    fn a_package_writes_no_markup_of_its_own() {
        let page = markdown(&hostile(), None);
        for markup in ["<img", "](http", "@everyone", "https://"] {
            assert!(!page.contains(markup), "{markup}: {page}");
        }
    }
}
