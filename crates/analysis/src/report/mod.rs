//! What is said about a package: one value, shown in four ways.

mod assess;
mod markdown;
mod place;
mod sarif;
mod text;

use serde::{Deserialize, Serialize};

pub use assess::{Question, assess};
pub use markdown::markdown;
pub use sarif::sarif;
pub use text::{Look, text};

use crate::finding::Severity;
use crate::score::Understood;

/// The name of this form of a report. Readers that do not know it should not guess.
pub const FORMAT: &str = "ringfence.report/1";

/// Everything that is said about a package.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Report {
    /// [`FORMAT`].
    pub format: String,
    /// What was looked at, as it was named.
    pub subject: String,
    /// 0 to 100; 100 means that nothing is held against the package.
    pub score: u8,
    /// What the policy makes of it.
    pub outcome: Outcome,
    /// Why that is the outcome; empty for [`Outcome::Clean`].
    pub reasons: Vec<String>,
    /// Whether it is neither blocked nor threatens anything.
    pub safe: bool,
    /// Codes of findings that are high or critical and not accepted, each once.
    pub threats: Vec<String>,
    /// Codes of findings that are low or medium and not accepted, each once.
    pub warnings: Vec<String>,
    /// Everything that was found, worst first.
    pub findings: Vec<ReportedFinding>,
    /// What the code needs.
    pub capabilities: Vec<ReportedNeed>,
    /// Where text becomes code.
    pub dynamic_code: Vec<Spot>,
    /// Where evaluation cannot tell what happens: it needs the strictest sandbox.
    pub opaque: Vec<Spot>,
    /// How much was understood.
    pub understood: Understood,
    /// The same in per cent of what could act.
    pub understood_per_cent: u8,
}

/// What a policy makes of a package.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// Nothing is held against it.
    Clean,
    /// Somebody should look.
    Warning,
    /// It must not be used.
    Blocked,
}

impl Outcome {
    /// The stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Warning => "warning",
            Self::Blocked => "blocked",
        }
    }
}

/// A place that a person can open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Spot {
    /// The file's path in the package; empty for the package itself. As it is there, so
    /// it has to be neutralised before it is shown.
    pub path: String,
    /// From 1; 0 where the whole file is meant.
    pub line: u32,
    /// In characters, from 1.
    pub column: u32,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ReportedFinding {
    /// The rule's stable code.
    pub code: String,
    /// What the rule is about.
    pub class: String,
    /// How bad it is.
    pub severity: Severity,
    /// The number in the list of common weaknesses, where one is near.
    pub cwe: Option<u16>,
    /// One sentence.
    pub message: String,
    /// Where to look.
    #[serde(flatten)]
    pub spot: Spot,
    /// The line there, cut and neutralised; empty where the whole file is meant.
    pub snippet: String,
    /// How it comes about, source first.
    pub evidence: Vec<ReportedStep>,
    /// SHA-256 of the file, for an exception; only where the finding is worth one.
    pub content: Option<String>,
    /// Why the policy accepts it, where it does.
    pub accepted: Option<String>,
}

/// One step of evidence.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedStep {
    /// Where.
    #[serde(flatten)]
    pub spot: Spot,
    /// What happens there.
    pub what: String,
    /// The line there, cut and neutralised.
    pub snippet: String,
}

/// One thing that the code needs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReportedNeed {
    /// The word of the vocabulary, such as `network.request`.
    pub capability: String,
    /// To what; none where evaluation could not tell.
    pub scope: Option<String>,
    /// `install`, `load` or `call`: the earliest time.
    pub when: String,
    /// Where.
    pub evidence: Vec<Spot>,
}

impl Spot {
    /// `path:line:column`, neutralised.
    #[must_use]
    pub fn shown(&self) -> String {
        let path = ringfence_types::UntrustedText::new(&self.path);
        match (self.path.is_empty(), self.line) {
            (true, _) => "(the package)".to_owned(),
            (false, 0) => path.to_string(),
            (false, line) => format!("{path}:{line}:{}", self.column),
        }
    }
}

impl Report {
    /// The report as JSON: keys in a fixed order, one form for the same report.
    ///
    /// # Errors
    /// Never for a report of ours; serialising is fallible by its type.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self)
    }

    /// Reads a report that [`Self::json`] wrote.
    ///
    /// # Errors
    /// When it is none, or of a form that this version does not know.
    pub fn from_json(bytes: &[u8]) -> Result<Self, ReportError> {
        let report: Self = serde_json::from_slice(bytes).map_err(ReportError::Malformed)?;
        if report.format == FORMAT { Ok(report) } else { Err(ReportError::Format) }
    }

    /// Findings that only describe, by rule, with how many there are of each.
    #[must_use]
    pub fn described(&self) -> Vec<(&str, usize)> {
        let mut counts = std::collections::BTreeMap::new();
        for finding in self.findings.iter().filter(|one| one.severity == Severity::Information) {
            *counts.entry(finding.code.as_str()).or_insert(0) += 1;
        }
        counts.into_iter().collect()
    }
}

/// Why bytes are no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// Not the JSON of a report.
    #[error("this is no report of a scan")]
    Malformed(#[source] serde_json::Error),
    /// The report of another version.
    #[error("this report is of another form than {FORMAT}")]
    Format,
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::event::{Effect, Role, Source, When};
    use crate::facts::Class;
    use crate::made::{Made, from_at, text};
    use crate::place::FileId;
    use crate::policy::Policy;
    use crate::trace::Coverage;
    use crate::tree::{SourceFile, Tree};

    fn report(subject: &str, path: &str, line: &str, made: Made) -> Report {
        let bytes = format!("0123456789\n{line}\n{line}\n").into_bytes();
        let tree = Tree::new(vec![SourceFile { path: path.to_owned(), bytes: bytes.into() }]);
        let mut facts = made.file(Class::JavaScript, Coverage::Whole).facts();
        for file in &mut facts.files {
            file.file = FileId(0);
        }
        let policy = Policy::default();
        assess(&tree, &facts, &Question { subject, declared: None, policy: &policy, today: None })
    }

    fn sending(host: &str) -> Made {
        let all = from_at(Source::Environment, None, 1);
        Made::new()
            .event(Effect::Import, "node:https", &[])
            .event(Effect::EnvironmentRead, "node:process.env", &[])
            .event(
                Effect::Request,
                "js:fetch",
                &[(Role::Url, text(&format!("https://{host}/"))), (Role::Data, all)],
            )
            .when(When::Load)
    }

    /// A package that sends all variables away.
    pub(crate) fn sample() -> Report {
        report("sample", "index.js", "send(all);", sending("x.example"))
    }

    /// A package that does nothing.
    pub(crate) fn clean() -> Report {
        report("sample", "index.js", "nothing();", Made::new())
    }

    /// A package that writes to terminals and pages with everything it has.
    pub(crate) fn hostile() -> Report {
        let nasty = "\x1b[2J\u{202e}<img src=x>|](http://e) @everyone `*_";
        let path = format!("a {nasty}.js");
        report(nasty, &path, &nasty.repeat(3), sending("x.example"))
    }

    #[test]
    fn the_same_bytes_give_the_same_report_and_it_reads_back() {
        let json = sample().json().unwrap();
        assert_eq!(json, sample().json().unwrap());
        assert_eq!(Report::from_json(json.as_bytes()).unwrap(), sample());
        assert!(Report::from_json(b"{}").is_err());
        let other = json.replace(FORMAT, "ringfence.report/9");
        assert!(matches!(Report::from_json(other.as_bytes()), Err(ReportError::Format)));
    }

    #[test]
    fn what_is_safe_is_neither_blocked_nor_a_threat() {
        assert!(clean().safe && clean().score == 100 && clean().outcome == Outcome::Clean);
        let sample = sample();
        assert!(!sample.safe && sample.outcome == Outcome::Blocked);
        assert!(sample.threats.contains(&"exfiltration-of-environment".to_owned()));
        assert!(sample.findings.first().unwrap().content.is_some());
    }
}
