//! A report for a terminal: the worst first, everything that came from the package
//! neutralised, and nothing said by colour alone.

use std::fmt::Write as _;

use ringfence_types::UntrustedText;

use super::{Outcome, Report, ReportedFinding};
use crate::difference::Difference;
use crate::finding::Severity;
use crate::score;

/// How a report looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal.
    pub width: usize,
    /// Whether colours are understood.
    pub colour: bool,
    /// Whether findings that only describe are written out and not only counted.
    pub everything: bool,
}

impl Default for Look {
    fn default() -> Self {
        Self { width: 80, colour: false, everything: false }
    }
}

/// The narrowest and widest that text is set.
const NARROW: usize = 40;
const WIDE: usize = 120;
/// The most findings that are written out; the others are counted.
const MOST_FINDINGS: usize = 30;
/// The most capabilities that are written out.
const MOST_NEEDS: usize = 40;

/// The report as lines of text.
#[must_use]
pub fn text(report: &Report, difference: Option<&Difference>, look: Look) -> String {
    let width = look.width.clamp(NARROW, WIDE);
    let mut page = Page { out: String::new(), width, colour: look.colour };
    page.head(report);
    let least = if look.everything { Severity::Information } else { Severity::Low };
    let told: Vec<&ReportedFinding> = report
        .findings
        .iter()
        .filter(|finding| finding.accepted.is_none() && finding.severity >= least)
        .collect();
    for finding in told.iter().take(MOST_FINDINGS) {
        page.finding(finding);
    }
    if told.len() > MOST_FINDINGS {
        let rest = told.len() - MOST_FINDINGS;
        page.paragraph("", &format!("and {rest} more; `--format json` has all of them"));
        page.line("");
    }
    page.rest(report, look.everything);
    page.needs(report);
    if let Some(difference) = difference {
        page.difference(difference);
    }
    page.foot(report);
    page.out
}

struct Page {
    out: String,
    width: usize,
    colour: bool,
}

impl Page {
    fn line(&mut self, line: &str) {
        self.out.push_str(line);
        self.out.push('\n');
    }

    /// Words set to the width, each line behind `indent`.
    fn paragraph(&mut self, indent: &str, text: &str) {
        self.hanging(indent, indent, text);
    }

    /// As [`Self::paragraph`], with another indent from the second line on: text of the
    /// package must not begin a line as ours do, not even where a terminal would wrap.
    fn hanging(&mut self, first: &str, next: &str, text: &str) {
        let mut indent = first;
        let most = self.width.saturating_sub(next.len().max(first.len())).max(20);
        let mut line = String::new();
        for word in text.split(' ') {
            let mut word = word;
            if !line.is_empty() {
                if columns(&line) + 1 + columns(word) > most {
                    self.line(&format!("{indent}{}", line.trim_end()));
                    indent = next;
                    line.clear();
                } else {
                    line.push(' ');
                }
            }
            while columns(word) > most {
                let (piece, rest) = word.split_at(fitting(word, most));
                self.line(&format!("{indent}{piece}"));
                indent = next;
                word = rest;
            }
            line.push_str(word);
        }
        self.line(&format!("{indent}{line}"));
    }

    /// A word in colour and what it is about, on lines of its own where it is long.
    fn titled(&mut self, colour: &str, word: &str, about: &[&str]) {
        let painted = self.paint(colour, word);
        let whole = about.join("  ");
        if columns(word) + 2 + columns(&whole) <= self.width {
            self.line(&format!("{painted}  {whole}"));
            return;
        }
        let (last, front) = about.split_last().unwrap_or((&"", &[]));
        self.line([&[painted.as_str()], front].concat().join("  ").trim_end());
        self.paragraph("    ", last);
    }

    fn paint(&self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn head(&mut self, report: &Report) {
        let colour = match report.outcome {
            Outcome::Clean => "32",
            Outcome::Warning => "33",
            Outcome::Blocked => "31;1",
        };
        let subject = UntrustedText::new(&report.subject).to_string();
        self.titled(colour, &report.outcome.word().to_ascii_uppercase(), &[&subject]);
        self.line(&format!(
            "score {} of 100 ({}), {}",
            report.score,
            score::words(report.score),
            if report.safe { "safe" } else { "not safe" }
        ));
        for reason in &report.reasons {
            self.hanging("  because ", "          ", reason);
        }
        self.line("");
    }

    fn finding(&mut self, finding: &ReportedFinding) {
        let colour = match finding.severity {
            Severity::Critical | Severity::High => "31",
            Severity::Medium => "33",
            Severity::Low | Severity::Information => "2",
        };
        let word = finding.severity.word().to_ascii_uppercase();
        self.titled(colour, &word, &[&finding.code, &finding.spot.shown()]);
        self.paragraph("    ", &finding.message);
        self.snippet("    ", &finding.snippet);
        for (number, step) in finding.evidence.iter().enumerate() {
            let what = format!("{}. {}  {}", number + 1, step.spot.shown(), step.what);
            self.hanging("    ", "       ", &what);
            if step.snippet != finding.snippet {
                self.snippet("       ", &step.snippet);
            }
        }
        self.line("");
    }

    fn snippet(&mut self, indent: &str, snippet: &str) {
        if snippet.is_empty() {
            return;
        }
        let most = self.width.saturating_sub(indent.len() + 2);
        let (cut, dots) = if columns(snippet) > most {
            (snippet.split_at(fitting(snippet, most.saturating_sub(3))).0, "...")
        } else {
            (snippet, "")
        };
        let line = format!("{indent}| {cut}{dots}");
        self.line(&line);
    }

    fn rest(&mut self, report: &Report, everything: bool) {
        let accepted = report.findings.iter().filter(|one| one.accepted.is_some());
        for finding in accepted {
            let reason = finding.accepted.as_deref().unwrap_or_default();
            let reason = UntrustedText::new(reason);
            let place = finding.spot.shown();
            let line = format!("accepted: {} at {place}: {reason}", finding.code);
            self.hanging("", "    ", &line);
        }
        let described = report.described();
        if !everything && !described.is_empty() {
            let list: Vec<String> =
                described.iter().map(|(code, count)| format!("{code} {count}")).collect();
            self.paragraph("", &format!("only described: {}", list.join(", ")));
        }
        if report.findings.is_empty() {
            self.line("nothing was found");
        }
        self.line("");
    }

    fn needs(&mut self, report: &Report) {
        if report.capabilities.is_empty() && report.opaque.is_empty() {
            self.line("the code needs no capability");
            self.line("");
            return;
        }
        self.line("the code needs");
        for need in report.capabilities.iter().take(MOST_NEEDS) {
            let scope = match &need.scope {
                Some(scope) => UntrustedText::new(scope).to_string(),
                None => "anything (it is computed)".to_owned(),
            };
            let place = need.evidence.first().map(|spot| format!("  {}", spot.shown()));
            let during = if need.when == "install" { "  while it is installed" } else { "" };
            let line = format!("{} {scope}{during}{}", need.capability, place.unwrap_or_default());
            self.hanging("  ", "      ", &line);
        }
        if report.capabilities.len() > MOST_NEEDS {
            let rest = report.capabilities.len() - MOST_NEEDS;
            self.line(&format!("  and {rest} more"));
        }
        if let Some(first) = report.opaque.first() {
            self.paragraph(
                "  ",
                &format!(
                    "and what evaluation cannot tell, first at {}: run it in the strictest sandbox",
                    first.shown()
                ),
            );
        }
        self.line("");
    }

    fn difference(&mut self, difference: &Difference) {
        self.line("compared with the version before");
        if difference.is_empty() {
            self.line("  it does and needs the same");
        }
        for (sign, list) in [
            ("+ needs", &difference.new_capabilities),
            ("- needs no more", &difference.gone_capabilities),
            ("+ found", &difference.new_findings),
            ("- found no more", &difference.gone_findings),
        ] {
            for one in list {
                let line = format!("{sign} {}", UntrustedText::new(one));
                self.hanging("  ", "      ", &line);
            }
        }
        self.line("");
    }

    fn foot(&mut self, report: &Report) {
        let all = report.understood;
        let mut line = String::new();
        let _ = write!(
            line,
            "understood {} % of what could act: {} bytes evaluated, {} in part, {} not, {} opaque; \
             {} bytes of data; {} files",
            report.understood_per_cent,
            all.evaluated,
            all.partly,
            all.not_understood,
            all.opaque,
            all.data,
            all.files
        );
        self.paragraph("", &line);
        if report.findings.iter().any(|one| one.severity > Severity::Information) {
            self.line("what a code means and how to mend it: ringfence scan --explain CODE");
        }
    }
}

/// How many columns a terminal takes at most for a text. Which letters are two wide
/// differs between terminals: what may be, counts as two.
fn columns(text: &str) -> usize {
    text.chars().map(width_of).sum()
}

const fn width_of(letter: char) -> usize {
    match letter {
        '\u{1100}'..='\u{11ff}' | '\u{2300}'..='\u{2bff}' | '\u{2e80}'.. => 2,
        _ => 1,
    }
}

/// How many bytes of a text fit into so many columns.
fn fitting(text: &str, most: usize) -> usize {
    let mut left = most;
    text.char_indices()
        .find(|(_, letter)| {
            let fits = width_of(*letter) <= left;
            left = left.saturating_sub(width_of(*letter));
            !fits
        })
        .map_or(text.len(), |(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::tests::{hostile, sample};

    #[test]
    fn the_worst_is_first_and_says_where_and_how() {
        let page = text(&sample(), None, Look::default());
        let begin = page.find("CRITICAL  exfiltration-of-environment  index.js:3:1").unwrap();
        assert!(page.starts_with("BLOCKED  sample\nscore 38 of 100 (bad), not safe"), "{page}");
        assert!(page.find("network.request x.example:443").unwrap() > begin);
        assert!(page.contains("    1. index.js:2:1  the environment is read"), "{page}");
        assert!(page.contains("understood 100 %"));
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    }

    #[test]
    fn a_long_name_does_not_begin_a_line_of_its_own_where_a_terminal_wraps() {
        for space in [" ", "\u{a0}", "\u{3000}", "x"] {
            let forged = format!("{}CLEAN  other", space.repeat(130));
            let mut report = sample();
            report.subject.clone_from(&forged);
            for finding in &mut report.findings {
                finding.spot.path.clone_from(&forged);
                finding.snippet.clone_from(&forged);
                finding.message.clone_from(&forged);
                for step in &mut finding.evidence {
                    step.spot.path.clone_from(&forged);
                }
            }
            report.findings.last_mut().unwrap().accepted = Some(forged.clone());
            for need in &mut report.capabilities {
                need.scope = Some(forged.clone());
            }
            let page = text(&report, None, Look::default());
            assert!(page.lines().all(|line| columns(line) <= 80), "{page}");
            let ours = ["BLOCKED", "score", "CRITICAL", "LOW", "INFORMATION", "accepted"];
            let more = ["only", "the code", "understood", "opaque;", "what a code", "nothing"];
            for line in page.lines().filter(|line| !line.is_empty() && !line.starts_with("  ")) {
                let is_ours = ours.iter().chain(&more).any(|begin| line.starts_with(begin));
                assert!(is_ours, "{line:?} in {page}");
            }
            let needs = page.lines().filter(|line| line.trim_start().starts_with("CLEAN"));
            assert!(needs.clone().all(|line| line.starts_with("    ")), "{page}");
        }
    }

    #[test]
    fn nothing_that_moves_a_cursor_reaches_the_terminal() {
        let plain = text(&hostile(), None, Look::default());
        assert!(plain.chars().all(|letter| !letter.is_control() || letter == '\n'), "{plain:?}");
        assert!(!plain.contains('\u{202e}'));
        let look = Look { colour: true, ..Look::default() };
        let coloured = text(&hostile(), None, look);
        let ours = ["\x1b[31;1m", "\x1b[31m", "\x1b[33m", "\x1b[2m", "\x1b[32m", "\x1b[0m"];
        let bare = ours.iter().fold(coloured, |page, code| page.replace(code, ""));
        assert_eq!(bare, plain, "colour adds nothing but colour");
    }
}
